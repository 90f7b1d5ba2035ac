//! The HTTP front: what reaches the handler, and what is refused before.

pub(crate) mod support;

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use strongroom::http::Limits;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::Instant};

use self::support::{Echo, LONG, Running, read_to_end, run, talk};

/// Of sizes; nobody is too slow for the times, however busy the machine.
fn limits() -> Limits {
    Limits {
        body_bytes: 1_000,
        head: LONG,
        body: LONG,
        request: LONG,
        idle: LONG,
        drain: LONG,
        ..Limits::default()
    }
}

/// For those who are to be too slow.
const SHORT: Duration = Duration::from_millis(300);

/// Asks until it is answered so.
async fn until_answered(address: SocketAddr, request: &str, status: u16) {
    let expected = format!("HTTP/1.1 {status} ");
    let answered = async {
        while !talk(address, request).await.starts_with(&expected) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let patience = Duration::from_secs(60);
    let answered = tokio::time::timeout(patience, answered).await;
    assert!(answered.is_ok(), "never answered with {status}");
}

#[test]
fn a_request_arrives_whole() {
    run(async {
        let server = Running::start(limits()).await;
        let reply = talk(
            server.address,
            "POST /some/path?q=1 HTTP/1.1\r\nhost: example\r\nx-b: 1\r\nX-A: 2\r\nx-b: 3\r\n\
             content-length: 5\r\nconnection: close\r\n\r\nhello",
        )
        .await;
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
        assert!(reply.contains("\r\ndate: "), "{reply}");
        for part in [
            "POST /some/path?q=1 HTTP/1.1 from 127.0.0.1 tls None",
            "host: example",
            "x-b: 1,3",
            "hello",
        ] {
            assert!(reply.contains(part), "{part} in {reply}");
        }
    });
}

#[test]
fn requests_follow_each_other_on_one_connection() {
    run(async {
        let server = Running::start(limits()).await;
        let one = "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        let last = "GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
        let reply = talk(server.address, &format!("{one}{one}{last}")).await;
        assert_eq!(reply.matches("HTTP/1.1 200 OK").count(), 3, "{reply}");
        assert_eq!(reply.matches("abcde").count(), 2, "{reply}");
    });
}

#[test]
fn http2_without_tls_names_its_host() {
    run(async {
        let server = Running::start(limits()).await;
        let socket = TcpStream::connect(server.address).await.unwrap();
        let (mut client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket))
                .await
                .unwrap();
        tokio::spawn(connection);
        let request = |host: Option<&str>, body: &str| {
            let mut request = Request::post("http://secretsmanager.local/");
            if let Some(host) = host {
                request = request.header("host", host);
            }
            request
                .body(Full::new(Bytes::from(body.to_owned())))
                .unwrap()
        };
        let answer = client.send_request(request(None, "two")).await.unwrap();
        assert_eq!(answer.version(), Version::HTTP_2);
        assert!(answer.headers().contains_key("date"));
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("host: secretsmanager.local"), "{body}");
        assert!(body.ends_with("two"), "{body}");

        let refused = client
            .send_request(request(Some("other"), ""))
            .await
            .unwrap();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        let large = client
            .send_request(request(None, &"x".repeat(1_001)))
            .await
            .unwrap();
        assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let same = Some("SecretsManager.local");
        let good = client.send_request(request(same, "")).await.unwrap();
        assert_eq!(good.status(), StatusCode::OK);
    });
}

#[test]
fn a_request_names_one_host_and_frames_its_body_well() {
    run(async {
        let server = Running::start(limits()).await;
        let close = "connection: close\r\n";
        let chunked = "host: h\r\ntransfer-encoding: chunked\r\n";
        for (request, status) in [
            (format!("GET / HTTP/1.1\r\nhost: h\r\n{close}\r\n"), 200),
            (
                format!("GET http://h/ HTTP/1.1\r\nhost: H\r\n{close}\r\n"),
                200,
            ),
            (format!("GET / HTTP/1.0\r\n{close}\r\n"), 200),
            (format!("GET / HTTP/1.1\r\n{close}\r\n"), 400),
            (
                format!("GET / HTTP/1.1\r\nhost: h\r\nhost: h\r\n{close}\r\n"),
                400,
            ),
            (
                format!("GET http://h/ HTTP/1.1\r\nhost: i\r\n{close}\r\n"),
                400,
            ),
            (
                format!("POST / HTTP/1.1\r\n{chunked}{close}\r\n1\r\nx\r\n0\r\n\r\n"),
                200,
            ),
            (
                format!("POST / HTTP/1.1\r\n{chunked}{close}\r\nfffffffffffffffff\r\n"),
                400,
            ),
            (
                format!("POST / HTTP/1.1\r\n{chunked}{close}\r\n1\r\nxx\r\n0\r\n\r\n"),
                400,
            ),
        ] {
            let reply = talk(server.address, &request).await;
            let version = &request[request.find("HTTP/").unwrap()..][..8];
            let expected = format!("{version} {status} ");
            assert!(reply.starts_with(&expected), "{request:?}: {reply}");
        }
    });
}

#[test]
fn expect_100_continue_is_answered_only_when_the_body_is_wanted() {
    run(async {
        let server = Running::start(limits()).await;
        let head = |length| {
            format!(
                "POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n"
            )
        };
        let small = format!("{}connection: close\r\n\r\n12345", head(5));
        let reply = talk(server.address, &small).await;
        assert!(
            reply.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"),
            "{reply}"
        );
        let reply = talk(server.address, &format!("{}\r\n", head(1_001))).await;
        assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
    });
}

#[test]
fn what_is_too_large_is_refused_with_the_right_status() {
    run(async {
        let server = Running::start(limits()).await;
        let body = "x".repeat(1_001);
        let declared = format!("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1001\r\n\r\n{body}");
        let chunked = format!(
            "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n{body}\r\n0\r\n\r\n"
        );
        let many = "x-a: 1\r\n".repeat(101);
        let many = format!("GET / HTTP/1.1\r\nhost: h\r\n{many}\r\n");
        let long = format!(
            "GET / HTTP/1.1\r\nhost: h\r\nx-a: {}\r\n\r\n",
            "y".repeat(70_000)
        );
        for (request, status) in [
            (declared, "413"),
            (chunked, "413"),
            (many, "431"),
            (long, "431"),
            ("GET / HTTP/1.1\r\nbad header\r\n\r\n".to_owned(), "400"),
        ] {
            let reply = talk(server.address, &request).await;
            assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
            assert!(reply.contains("connection: close"), "{reply}");
            assert!(reply.contains("\r\ndate: "), "{reply}");
        }
        assert_eq!(server.handler.handled.load(Ordering::SeqCst), 0);
        let fits = "x".repeat(1_000);
        let fits = format!(
            "POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 1000\r\n\r\n{fits}"
        );
        assert!(
            talk(server.address, &fits)
                .await
                .starts_with("HTTP/1.1 200")
        );
    });
}

#[test]
fn a_body_that_is_too_large_need_not_come() {
    run(async {
        let server = Running::start(limits()).await;
        let announced = "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1001\r\n\r\n";
        let reply = talk(server.address, announced).await;
        assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
    });
}

#[test]
fn slow_clients_are_let_go() {
    run(async {
        // The other times are long, so that it is this one which is up.
        let slow_heads = Limits {
            head: SHORT,
            ..limits()
        };
        let server = Running::start(slow_heads).await;
        // Nothing at all; half a preface; a head that never ends.
        for start in ["", "PRI * HTT", "GET / HTTP/1.1\r\nhost: h\r\nx-"] {
            let began = Instant::now();
            assert_eq!(talk(server.address, start).await, "");
            assert!(began.elapsed() >= SHORT * 9 / 10, "{start}");
        }
        // A head that arrives byte by byte gets no more time for it.
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        let mut pieces = 0;
        while socket.write_all(b"G").await.is_ok() {
            pieces += 1;
            assert!(pieces < 4_000, "it has time without end");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        // A body that does not come.
        let slow_bodies = Limits {
            body: SHORT,
            ..limits()
        };
        let server = Running::start(slow_bodies).await;
        let start = "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\n123";
        let reply = talk(server.address, start).await;
        assert!(reply.starts_with("HTTP/1.1 408 "), "{reply}");
        assert!(reply.contains("connection: close"), "{reply}");
    });
}

#[test]
fn idle_connections_close_after_the_idle_time_and_slow_second_heads_earlier() {
    run(async {
        // Enough for the first head, on a busy machine too.
        let some = Duration::from_secs(2);
        let cases = [
            (some, some, ""),
            (some, LONG, ""),
            (LONG, some, "GET / HTT"),
        ];
        for (idle, head, second) in cases {
            let times = Limits {
                idle,
                head,
                ..limits()
            };
            let server = Running::start(times).await;
            let began = Instant::now();
            let mut socket = TcpStream::connect(server.address).await.unwrap();
            socket
                .write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
                .await
                .unwrap();
            server.handler.until_handled(1).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            socket.write_all(second.as_bytes()).await.unwrap();
            let reply = read_to_end(&mut socket).await;
            assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
            assert!(began.elapsed() >= some * 9 / 10, "{second:?}");
        }
    });
}

#[test]
fn overload_is_shed_before_the_body_is_read() {
    run(async {
        let server = Running::start(Limits {
            requests: 1,
            ..limits()
        })
        .await;
        let address = server.address;
        let held = tokio::spawn(async move {
            talk(
                address,
                "GET /hold HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
            )
            .await
        });
        server.handler.until_handled(1).await;
        let shed = talk(
            address,
            "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\n",
        )
        .await;
        assert!(shed.starts_with("HTTP/1.1 503 "), "{shed}");
        assert!(shed.contains("ThrottlingException"), "{shed}");
        let health = talk(
            address,
            "GET /health HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
        )
        .await;
        assert!(health.starts_with("HTTP/1.1 200 "), "{health}");
        server.handler.release.notify_waiters();
        assert!(held.await.unwrap().starts_with("HTTP/1.1 200 "));
        let again = talk(
            address,
            "GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
        )
        .await;
        assert!(again.starts_with("HTTP/1.1 200 "), "{again}");
    });
}

#[test]
fn small_bodies_find_room_where_large_ones_do_not() {
    run(async {
        let server = Running::start(Limits {
            body_bytes: 60_000,
            total_body_bytes: 100_000,
            ..limits()
        })
        .await;
        let head = |length: usize| {
            format!(
                "POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
            )
        };
        let mut slow = TcpStream::connect(server.address).await.unwrap();
        let start = head(60_000) + &"x".repeat(40_000);
        slow.write_all(start.as_bytes()).await.unwrap();
        let request = head(30_000) + &"x".repeat(30_000);
        until_answered(server.address, &request, 503).await;
        for (length, status) in [(30_000, 503), (16_000, 200), (30_000, 503), (1_000, 200)] {
            let request = head(length) + &"x".repeat(length);
            let reply = talk(server.address, &request).await;
            let expected = format!("HTTP/1.1 {status} ");
            assert!(reply.starts_with(&expected), "{length}: {reply:.200}");
        }
        drop(slow);
        until_answered(server.address, &request, 200).await;
    });
}

#[test]
fn bodies_share_a_bound_and_give_it_back() {
    run(async {
        let server = Running::start(Limits {
            total_body_bytes: 1_500,
            body: Duration::from_secs(5),
            ..limits()
        })
        .await;
        let post = |length: usize, sent: usize| {
            format!(
                "POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{}",
                "x".repeat(sent)
            )
        };
        let address = server.address;
        let slow = tokio::spawn(async move {
            // A probe may have been there first.
            loop {
                let reply = talk(address, &post(1_000, 1)).await;
                if !reply.starts_with("HTTP/1.1 503 ") {
                    return reply;
                }
            }
        });
        until_answered(address, &post(1_000, 1_000), 503).await;
        assert!(slow.await.unwrap().starts_with("HTTP/1.1 408 "));
        let good = talk(address, &post(1_000, 1_000)).await;
        assert!(good.starts_with("HTTP/1.1 200 "), "{good}");
    });
}

#[test]
fn too_many_connections_are_turned_away() {
    run(async {
        let server = Running::start(Limits {
            connections: 1,
            ..limits()
        })
        .await;
        let first = TcpStream::connect(server.address).await.unwrap();
        let mut second = TcpStream::connect(server.address).await.unwrap();
        let reply = read_to_end(&mut second).await;
        assert!(reply.starts_with("HTTP/1.1 503 "), "{reply}");
        drop(first);
        let third = "GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
        until_answered(server.address, third, 200).await;
    });
}

#[test]
fn work_goes_on_when_the_client_leaves_or_time_is_up() {
    run(async {
        let impatient = Limits {
            request: SHORT,
            ..limits()
        };
        let server = Running::start(impatient).await;
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        socket
            .write_all(b"GET /hold HTTP/1.1\r\nhost: h\r\n\r\n")
            .await
            .unwrap();
        server.handler.until_handled(1).await;
        drop(socket);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let reply = talk(server.address, "GET /hold HTTP/1.1\r\nhost: h\r\n\r\n").await;
        assert!(reply.starts_with("HTTP/1.1 503 "), "{reply}");
        assert!(reply.contains("ServiceUnavailable"), "{reply}");
        assert_eq!(server.handler.finished.load(Ordering::SeqCst), 0);
        server.handler.release.notify_waiters();
        while server.handler.finished.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
}

#[test]
fn who_has_said_all_still_gets_the_answer() {
    run(async {
        let server = Running::start(limits()).await;
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        let hold = b"GET /hold HTTP/1.1\r\nHost: here\r\n\r\n";
        socket.write_all(hold).await.unwrap();
        socket.shutdown().await.unwrap();
        server.handler.until_handled(1).await;
        server.handler.release.notify_waiters();
        let reply = read_to_end(&mut socket).await;
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
        assert!(server.stop().await);
    });
}

#[test]
fn a_panic_in_the_handler_ends_one_connection_only() {
    run(async {
        let server = Running::start(limits()).await;
        assert_eq!(
            talk(server.address, "GET /panic HTTP/1.1\r\nhost: h\r\n\r\n").await,
            ""
        );
        let good = talk(
            server.address,
            "GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
        )
        .await;
        assert!(good.starts_with("HTTP/1.1 200 "), "{good}");
        assert!(server.stop().await, "nothing is counted as in flight");
    });
}

#[test]
fn health_needs_no_signature_and_shadows_no_signed_request() {
    run(async {
        let server = Running::start(limits()).await;
        let ask = async |path: &str, header: &str| {
            let text =
                format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{header}\r\n");
            talk(server.address, &text).await
        };
        let healthy = ask("/health", "").await;
        assert!(healthy.starts_with("HTTP/1.1 200 "), "{healthy}");
        assert!(
            healthy.contains(r#"{"live":true,"ready":true,"reasons":[]}"#),
            "{healthy}"
        );
        assert!(healthy.contains("x-amzn-requestid: "), "{healthy}");
        server.handler.ready.store(false, Ordering::SeqCst);
        let unready = ask("/health", "").await;
        assert!(unready.starts_with("HTTP/1.1 503 "), "{unready}");
        assert!(unready.contains(r#""ready":false,"reasons":["the audit log cannot be written"]"#));
        assert!(ask("/health/live", "").await.starts_with("HTTP/1.1 200 "));
        assert_eq!(server.handler.handled.load(Ordering::SeqCst), 0);
        ask("/health", "authorization: AWS4-HMAC-SHA256 x\r\n").await;
        ask("/health?X-Amz-Signature=x", "").await;
        ask("/healthy", "").await;
        assert_eq!(server.handler.handled.load(Ordering::SeqCst), 3);
    });
}

#[test]
fn shutdown_finishes_what_was_begun_and_closes_the_rest() {
    run(async {
        let server = Running::start(Limits { ..limits() }).await;
        let address = server.address;
        let handler = Arc::<Echo>::clone(&server.handler);
        let held =
            tokio::spawn(
                async move { talk(address, "GET /hold HTTP/1.1\r\nhost: h\r\n\r\n").await },
            );
        let mut idle = TcpStream::connect(address).await.unwrap();
        handler.until_handled(1).await;
        let stopping = tokio::spawn(server.stop());
        assert_eq!(read_to_end(&mut idle).await, "");
        assert!(
            TcpStream::connect(address).await.is_err(),
            "no longer listening"
        );
        assert!(!stopping.is_finished());
        handler.release.notify_waiters();
        let reply = held.await.unwrap();
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
        assert!(reply.contains("connection: close"), "{reply}");
        assert!(stopping.await.unwrap());
    });
}

#[test]
fn shutdown_does_not_wait_for_ever() {
    run(async {
        let server = Running::start(Limits {
            drain: SHORT,
            ..limits()
        })
        .await;
        let address = server.address;
        let held =
            tokio::spawn(
                async move { talk(address, "GET /hold HTTP/1.1\r\nhost: h\r\n\r\n").await },
            );
        server.handler.until_handled(1).await;
        let began = Instant::now();
        assert!(!server.stop().await);
        assert!(began.elapsed() >= SHORT);
        assert_eq!(held.await.unwrap(), "");
    });
}
