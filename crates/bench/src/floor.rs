use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use strongroom::http::{Answer, Handler, Health, Limits, Listener, Request, RequestIds, serve};
use strongroom_crypto::SystemRandom;
use tokio::net::TcpListener;

use crate::Result;

/// As long as the answer to `GetSecretValue`.
const CONSTANT: &[u8] = br#"{"ARN":"arn:aws:secretsmanager:us-east-1:123456789012:secret:bench/service-0/database-0-AbCdEf","Name":"bench/service-0/database-0","VersionId":"00000000-0000-4000-8000-000000000000","SecretString":"................................................","VersionStages":["AWSCURRENT"],"CreatedDate":1.7e9}"#;

/// A server that does nothing but the work of HTTP: what no secrets manager
/// on this stack can be cheaper than.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Floor {
    /// hyper, reading the body and answering.
    Bare,
    /// The server's own HTTP layer, with its limits, time-outs and request
    /// ids, in front of a handler that answers.
    Layer,
}

/// Serves until the process is stopped.
pub(crate) fn run(floor: Floor, address: SocketAddr) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match floor {
            Floor::Bare => bare(address).await,
            Floor::Layer => layer(address).await,
        }
    })
}

async fn bare(address: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(address).await?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(async move {
            let service = service_fn(answer_bare);
            let builder = Builder::new(TokioExecutor::new());
            // A connection that breaks is its client's loss.
            let _ = builder
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}

async fn answer_bare(request: hyper::Request<Incoming>) -> std::result::Result<Answer, Infallible> {
    // A body that breaks off ends the connection without our help.
    let _ = request.into_body().collect().await;
    Ok(constant())
}

async fn layer(address: SocketAddr) -> Result<()> {
    let listener = Listener::bind(address, None).await?;
    let request_ids = RequestIds::new(Arc::new(SystemRandom));
    let forever = std::future::pending();
    serve(
        vec![listener],
        Arc::new(Constant),
        Limits::default(),
        request_ids,
        forever,
    )
    .await;
    Ok(())
}

struct Constant;

impl Handler for Constant {
    async fn handle(&self, request: Request) -> Answer {
        let mut answer = constant();
        answer
            .headers_mut()
            .insert("x-amzn-requestid", request.id.header());
        answer
    }

    fn health(&self) -> Health {
        Health::new(Vec::new())
    }
}

fn constant() -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from_static(CONSTANT)));
    let json = HeaderValue::from_static("application/x-amz-json-1.1");
    answer.headers_mut().insert(header::CONTENT_TYPE, json);
    answer
}
