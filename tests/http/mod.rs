//! The HTTP interface as its clients meet it, on a whole running Floodgate.

mod abuse;
mod buying;
mod letters;
mod money;
mod reload;
mod streams;
mod tables;
