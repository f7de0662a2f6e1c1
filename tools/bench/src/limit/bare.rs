//! What a request costs when nothing is decided: a bare handler, with or without the log.
//!
//! A process of its own, of the same program, allocator, runtime and HTTP library as the server
//! that it is put beside. It reads a request, appends a record as long as a hold's, waits for its
//! echo through the log, and answers as many bytes: no limits, no tokens, no JSON, no seats.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use floodgate_config::Settings;
use floodgate_domain::wire::decode_command;
use floodgate_domain::{
    Actor, Answer, BuyerId, CategorySet, Command, CommandId, Envelope, EventId, GatewayId, Reply,
};
use floodgate_event_log::{Log, Record, Topic, partition_of};
use floodgate_server::SharedLog;
use floodgate_transport::{CommandClient, LogReplies, ReplyHub, ReplySender, follow_replies};

/// All records are of this event, so of one partition, like a sale's.
const EVENT: EventId = EventId(1);
const GATEWAY: GatewayId = GatewayId(1);
/// Records echoed at once, and how long a quiet log is waited for.
const READ_MAX: usize = 1_024;
const QUIET: Duration = Duration::from_millis(100);
/// As long as the server waits for a header, and for an answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// An echo that takes longer was sent before anybody followed.
const READY_WITHIN: Duration = Duration::from_secs(1);

/// What of the way of a request is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarePart {
    /// HTTP alone.
    Http,
    /// HTTP, the log and its echo in one process, like the embedded form.
    Whole,
    /// HTTP, with the echo in another process.
    Gateway,
    /// The echo alone.
    Echo,
}

/// What the answers of the server that it is put beside look like.
#[derive(Debug, Clone, Copy)]
pub struct BareAnswers {
    /// Head and body of the answer to a hold.
    pub hold_bytes: usize,
    /// What a device is called when it joins.
    pub device_bytes: usize,
}

/// Serves until the process ends.
pub async fn serve_bare(
    part: BarePart,
    answers: BareAnswers,
    (settings, data): (&Settings, &Path),
    listener: TcpListener,
) -> Result<()> {
    let log = match part {
        BarePart::Http => None,
        _ => Some(SharedLog::open(settings, data)?.shared()),
    };
    let hub = ReplyHub::new();
    // It follows until it is dropped.
    let mut followers = Vec::new();
    if let Some(log) = &log {
        match part {
            BarePart::Whole => echo(log, hub.clone())?,
            BarePart::Echo => echo(log, LogReplies::new(Arc::clone(log), None))?,
            _ => followers.push(follow_replies(log, GATEWAY, hub.clone())?),
        }
    }
    let client = log.map(|log| CommandClient::new(log, hub, GATEWAY));
    let bare = Arc::new(Bare::new(client, answers));
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(connection(Arc::clone(&bare), stream));
    }
}

/// Answers every command as soon as it is durable, on a thread of its own.
fn echo(log: &Arc<dyn Log>, replies: impl ReplySender) -> Result<()> {
    let partition = partition_of(EVENT.to_string().as_bytes(), log.partitions(Topic::Commands));
    let mut reader =
        log.reader(Topic::Commands, partition, log.end(Topic::Commands, partition)?)?;
    std::thread::Builder::new().name("echo".to_owned()).spawn(move || {
        let mut batch = Vec::with_capacity(READ_MAX);
        // A log that fails ends the echo, and whoever measures sees no answers.
        while reader.poll(READ_MAX, QUIET, &mut batch).is_ok() {
            replies.send(batch.drain(..).filter_map(|record| done(&record)).collect());
        }
    })?;
    Ok(())
}

fn done(record: &Record) -> Option<Reply> {
    let envelope = decode_command(&record.value).ok()?;
    Some(Reply {
        command_id: envelope.command_id,
        event_id: envelope.event_id,
        reply_to: envelope.reply_to,
        offset: record.offset,
        at: record.at,
        repeated: false,
        answer: Answer::Done,
    })
}

#[derive(Debug)]
struct Bare {
    client: Option<CommandClient>,
    joined: Bytes,
    held: Bytes,
}

impl Bare {
    fn new(client: Option<CommandClient>, answers: BareAnswers) -> Self {
        let joined = format!("{{\"device\":\"{}\"}}", "d".repeat(answers.device_bytes));
        // Our own head: the status, the media type, the length and the date.
        const HEAD: usize = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n\
            content-length: 000\r\ndate: Mon, 01 Jan 2029 00:00:00 GMT\r\n\r\n"
            .len();
        let filler = answers.hold_bytes.saturating_sub(HEAD + "{\"_\":\"\"}".len());
        let held = format!("{{\"_\":\"{}\"}}", "h".repeat(filler));
        Bare { client, joined: joined.into(), held: held.into() }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        // The same calls as to a server: who joins gets a device, everything else is a command.
        let path = request.uri().path();
        let is_ready = path == "/readyz";
        let joins = path.ends_with("/queue");
        let read = request.into_body().collect().await;
        let status = match &self.client {
            _ if read.is_err() => StatusCode::BAD_REQUEST,
            // Whose own echo comes back is ready.
            Some(client) if is_ready => match through_the_log(client, READY_WITHIN).await {
                StatusCode::CREATED => StatusCode::OK,
                status => status,
            },
            None if is_ready => StatusCode::OK,
            Some(client) if !joins => through_the_log(client, DEADLINE).await,
            _ => StatusCode::CREATED,
        };
        let body = if joins { &self.joined } else { &self.held };
        let mut response = Response::new(Full::new(body.clone()));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

async fn through_the_log(client: &CommandClient, deadline: Duration) -> StatusCode {
    let envelope = Envelope {
        command_id: CommandId(rand::random()),
        fingerprint: 1,
        event_id: EVENT,
        actor: Actor::Buyer(BuyerId(rand::random::<u64>() >> 1)),
        reply_to: GATEWAY,
        command: Command::best(2, CategorySet::ANY),
    };
    match client.ask_within(deadline, envelope).await {
        Ok(_) => StatusCode::CREATED,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn connection(bare: Arc<Bare>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let bare = Arc::clone(&bare);
        async move { Ok::<_, Infallible>(bare.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(DEADLINE)
        .serve_connection(TokioIo::new(stream), service);
    // Errors here are clients that left.
    let _ = connection.await;
}
