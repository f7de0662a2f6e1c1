//! The commands, one file each.

mod announce;
mod audience;
mod audit;
mod bench;
mod codes;
mod config;
mod crowd;
mod demo;
mod dials;
mod dlq;
mod doctor;
mod event;
mod exit;
mod export;
mod forget;
mod keys;
mod log;
mod messages;
mod orders;
mod orders_of;
mod places;
mod products;
mod role;
mod sale;
mod schemas;
mod search;
mod seats;
mod serve;
mod sessions;
mod settings;
mod staff;
mod stampede;
mod ticket;
mod topics;
mod venue;
mod views;
mod webhooks;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::exit::Failure;
use floodgate_server::Role::{Channels, Gateway, Processor, Sink, Streams};

const AFTER_HELP: &str = "\
Examples:
  floodgate demo                                   a stadium on sale, at http://127.0.0.1:8080
  floodgate demo --crowd 100000 --exit             with a crowd; ends with the audit
  floodgate serve --data data --config my.toml     all roles in one process
  floodgate audit --data data --json               recompute every invariant from the log

Exit codes:
  0 success   1 failure, or findings   2 wrong usage   64 bad configuration or input
  69 unavailable, or not ready   74 I/O error";

/// A waiting room and a seat engine for ticket on-sales: calm, fair and exact.
#[derive(Debug, Parser)]
#[command(name = "floodgate", version, after_help = AFTER_HELP)]
struct Cli {
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    /// Runs HTTP and pages as a separate process.
    Gateway(role::Role),
    /// Runs the seat engine and payments for its share of the partitions.
    Processor(role::Role),
    /// Live counts, public facts, notifications and audience cells.
    Streams(role::Role),
    /// SQL tables.
    Sink(role::Role),
    /// Messages to people: mail, text messages, push messages, the inbox of the pages.
    Channels(role::Role),
    Demo(demo::Demo),
    Event(Box<event::Event>),
    Sale(sale::Sale),
    Ticket(ticket::Ticket),
    Seats(seats::Seats),
    Orders(orders::Orders),
    Announce(announce::Announce),
    Messages(messages::Messages),
    Webhooks(webhooks::Webhooks),
    Codes(codes::Codes),
    Products(products::Products),
    Export(export::Export),
    Forget(forget::Forget),
    Sessions(sessions::Sessions),
    Search(search::Search),
    Venue(venue::Venue),
    Topics(topics::Topics),
    Dlq(dlq::Dlq),
    Schemas(schemas::Schemas),
    Log(log::Log),
    Views(views::Views),
    Places(places::Places),
    Audience(audience::Audience),
    Audit(audit::Audit),
    Stampede(stampede::Stampede),
    Bench(bench::Bench),
    Config(config::Config),
    Keys(keys::Keys),
    Doctor(doctor::Doctor),
}

/// Runs what was typed; the exit code says how it went.
#[must_use]
pub(crate) fn main() -> ExitCode {
    let Cli { json, command } = Cli::parse();
    let outcome = match command {
        Command::Serve(command) => command.run(),
        Command::Gateway(command) => command.run(Gateway),
        Command::Processor(command) => command.run(Processor),
        Command::Streams(command) => command.run(Streams),
        Command::Sink(command) => command.run(Sink),
        Command::Channels(command) => command.run(Channels),
        Command::Demo(command) => command.run(json),
        Command::Event(command) => command.run(json),
        Command::Sale(command) => command.run(json),
        Command::Ticket(command) => command.run(json),
        Command::Seats(command) => command.run(json),
        Command::Orders(command) => command.run(json),
        Command::Announce(command) => command.run(json),
        Command::Messages(command) => command.run(json),
        Command::Webhooks(command) => command.run(json),
        Command::Codes(command) => command.run(json),
        Command::Products(command) => command.run(json),
        Command::Export(command) => command.run(json),
        Command::Forget(command) => command.run(json),
        Command::Sessions(command) => command.run(json),
        Command::Search(command) => command.run(json),
        Command::Venue(command) => command.run(json),
        Command::Topics(command) => command.run(json),
        Command::Dlq(command) => command.run(json),
        Command::Schemas(command) => command.run(),
        Command::Log(command) => command.run(json),
        Command::Views(command) => command.run(json),
        Command::Places(command) => command.run(json),
        Command::Audience(command) => command.run(json),
        Command::Audit(command) => command.run(json),
        Command::Stampede(command) => command.run(json),
        Command::Bench(command) => command.run(json),
        Command::Config(command) => command.run(json),
        Command::Keys(command) => command.run(json),
        Command::Doctor(command) => command.run(json),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

/// Runs a future to its end on a runtime of its own.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::io)?;
    runtime.block_on(future)
}
