//! A server that says what it was asked, and a client that speaks raw bytes.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use rustls::ServerConfig;
use strongroom::http::{Answer, Handler, Health, Limits, Listener, Request, RequestIds, serve};
use strongroom_crypto::SystemRandom;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Notify, oneshot},
    task::JoinHandle,
};

/// How long an answer, or the end of a connection, may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Longer than anybody here waits.
pub(crate) const LONG: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub(crate) struct Echo {
    pub(crate) handled: AtomicUsize,
    pub(crate) finished: AtomicUsize,
    pub(crate) ready: AtomicBool,
    /// Lets all requests to `/hold` go.
    pub(crate) release: Notify,
}

impl Handler for Echo {
    async fn handle(&self, request: Request) -> Answer {
        let release = self.release.notified();
        self.handled.fetch_add(1, Ordering::SeqCst);
        match request.uri.path() {
            "/hold" => release.await,
            "/panic" => panic!("a defect"),
            _ => {}
        }
        let mut text = format!(
            "{} {} {:?} from {} tls {:?}\n",
            request.method,
            request.uri.path_and_query().unwrap(),
            request.version,
            request.peer.ip(),
            request.tls,
        );
        for name in request.headers.keys() {
            let values: Vec<_> = request.headers.get_all(name).iter().collect();
            let values: Vec<_> = values.iter().map(|value| value.to_str().unwrap()).collect();
            text += &format!("{name}: {}\n", values.join(","));
        }
        text += std::str::from_utf8(&request.body).unwrap();
        self.finished.fetch_add(1, Ordering::SeqCst);
        Response::new(Full::new(Bytes::from(text)))
    }

    fn health(&self) -> Health {
        Health::new(match self.ready.load(Ordering::SeqCst) {
            true => Vec::new(),
            false => vec!["the audit log cannot be written".to_owned()],
        })
    }
}

impl Echo {
    pub(crate) async fn until_handled(&self, count: usize) {
        while self.handled.load(Ordering::SeqCst) < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) handler: Arc<Echo>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<bool>,
}

impl Running {
    pub(crate) async fn start(limits: Limits) -> Self {
        Self::start_with(limits, None).await
    }

    pub(crate) async fn start_with(limits: Limits, tls: Option<Arc<ServerConfig>>) -> Self {
        let handler = Arc::new(Echo {
            handled: AtomicUsize::new(0),
            finished: AtomicUsize::new(0),
            ready: AtomicBool::new(true),
            release: Notify::new(),
        });
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), tls)
            .await
            .unwrap();
        let address = listener.address().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(
            vec![listener],
            Arc::clone(&handler),
            limits,
            RequestIds::new(Arc::new(SystemRandom)),
            async { drop(stopped.await) },
        ));
        Self {
            address,
            handler,
            stop,
            served,
        }
    }

    /// Stops; whether all requests in flight were finished.
    pub(crate) async fn stop(self) -> bool {
        self.stop.send(()).unwrap();
        self.served.await.unwrap()
    }
}

/// Sends `text` and reads until the server closes.
pub(crate) async fn talk(address: SocketAddr, text: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let _ = socket.write_all(text.as_bytes()).await;
    read_to_end(&mut socket).await
}

pub(crate) async fn read_to_end(socket: &mut TcpStream) -> String {
    let mut reply = Vec::new();
    // A reset ends the connection as well.
    let reading = socket.read_to_end(&mut reply);
    let _ = tokio::time::timeout(PATIENCE, reading).await.unwrap();
    String::from_utf8(reply).unwrap()
}

pub(crate) fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
