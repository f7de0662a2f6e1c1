//! What was looked at is read all the same; who takes nothing is left.

#![allow(clippy::unwrap_used)]

use tokio::io::{AsyncWriteExt, duplex};

use super::*;

const DEADLINE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn what_was_looked_at_is_read_all_the_same() {
    let (mut client, server) = duplex(64);
    let mut socket = Socket::new(server, DEADLINE);
    client.write_all(b"PROXY GET").await.unwrap();
    assert!(socket.look().await.unwrap());
    assert_eq!(socket.seen(), b"PROXY GET");
    socket.skip(6);
    client.write_all(b" /").await.unwrap();
    drop(client);
    let mut read = String::new();
    socket.read_to_string(&mut read).await.unwrap();
    assert_eq!(read, "GET /");
    assert!(!socket.look().await.unwrap(), "the end");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_left() {
    let (_client, server) = duplex(1_024);
    let mut socket = Socket::new(server, DEADLINE);
    let began = tokio::time::Instant::now();
    let error = socket.write_all(&[0; 100_000]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(began.elapsed().as_secs(), DEADLINE.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_a_byte_now_and_then_is_left_too() {
    let (mut client, server) = duplex(1_024);
    let mut socket = Socket::new(server, DEADLINE);
    let drips = tokio::spawn(async move {
        let mut byte = [0; 1];
        while client.read(&mut byte).await.is_ok_and(|count| count > 0) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let error = socket.write_all(&[0; 100_000]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    drop(socket);
    drips.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_gets_everything() {
    let (mut client, server) = duplex(1_024);
    let mut socket = Socket::new(server, DEADLINE);
    let slow = tokio::spawn(async move {
        let (mut buffer, mut count) = ([0; 1_024], 0);
        loop {
            tokio::time::sleep(Duration::from_secs(2)).await;
            match client.read(&mut buffer).await.unwrap() {
                0 => return count,
                more => count += more,
            }
        }
    });
    socket.write_all(&[0; 200_000]).await.unwrap();
    socket.flush().await.unwrap();
    // Quiet for long, then more: the time in between counts for nothing.
    tokio::time::sleep(Duration::from_secs(600)).await;
    socket.write_all(&[0; 5_000]).await.unwrap();
    socket.flush().await.unwrap();
    drop(socket);
    assert_eq!(slow.await.unwrap(), 205_000);
}
