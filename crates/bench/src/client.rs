use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The longest wait for an answer before it counts as a failure.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest answer read; a list of secrets has far less.
const LARGEST_BODY: u64 = 16 << 20;

/// One HTTP/1.1 connection, kept alive, that sends requests made elsewhere
/// and understands just enough of the answers. Cheaper than any client
/// library: what generates the load must not be what limits it.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
    line: Vec<u8>,
    body: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            stream: None,
            line: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Sends `request` and returns the status of the answer.
    ///
    /// # Errors
    ///
    /// When the connection fails or the answer is not HTTP/1 with a length.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.address)?,
        };
        stream.get_mut().write_all(request)?;
        let (status, stays_open) = self.receive(&mut stream)?;
        if stays_open {
            self.stream = Some(stream);
        }
        Ok(status)
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    fn receive(&mut self, stream: &mut BufReader<TcpStream>) -> io::Result<(u16, bool)> {
        let status_line = self.line(stream)?;
        let mut stays_open = status_line.starts_with("HTTP/1.1 ");
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| not_http(status_line))?;
        let mut length = None;
        loop {
            let line = self.line(stream)?;
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = value
                    .parse::<u64>()
                    .ok()
                    .filter(|length| *length <= LARGEST_BODY);
            } else if name.eq_ignore_ascii_case("connection") {
                stays_open = !value.eq_ignore_ascii_case("close");
            }
        }
        let length = length.ok_or_else(|| not_http("an answer without a decent length"))?;
        self.body.clear();
        let read = stream.take(length).read_to_end(&mut self.body)?;
        if u64::try_from(read).ok() != Some(length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok((status, stays_open))
    }

    /// The next line, without its end.
    fn line(&mut self, stream: &mut BufReader<TcpStream>) -> io::Result<&str> {
        self.line.clear();
        stream.read_until(b'\n', &mut self.line)?;
        if self.line.pop() != Some(b'\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = std::str::from_utf8(&self.line).map_err(|_| not_http("a line not in UTF-8"))?;
        Ok(line.trim_end())
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(BufReader::with_capacity(32 << 10, stream))
}

fn not_http(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("not an HTTP/1 answer: {what}"),
    )
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers each connection with the next of `answers`, whole.
    fn server(answers: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 4];
                stream.read_exact(&mut request).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        address
    }

    #[test]
    fn an_answer_is_read_whole_and_the_connection_kept() {
        let mut connection = Connection::new(server(&[
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nnoxx",
        ]));
        assert_eq!(connection.exchange(b"ping").unwrap(), 400);
        assert_eq!(connection.body(), b"no");
        assert!(connection.stream.is_some());
    }

    #[test]
    fn a_closed_connection_is_opened_again() {
        let mut connection = Connection::new(server(&[
            "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx",
        ]));
        assert_eq!(connection.exchange(b"ping").unwrap(), 200);
        assert_eq!(connection.exchange(b"ping").unwrap(), 200);
        assert_eq!(connection.body(), b"x");
        assert!(connection.stream.is_none());
    }

    #[test]
    fn what_is_cut_short_is_an_error() {
        let mut connection = Connection::new(server(&[
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
            "HTTP/1.1 200 OK\r\n\r\n",
        ]));
        let cut = connection.exchange(b"ping").unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);
        assert!(connection.exchange(b"ping").is_err());
    }
}
