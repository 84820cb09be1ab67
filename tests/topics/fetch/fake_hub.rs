//! A std-only HTTP server that behaves like the Hugging Face hub: HEAD and
//! GET on `/{repo}/resolve/{revision}/{file}` redirect to a storage host that
//! sends the bytes. It can be told to misbehave.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What the server does.
#[derive(Clone, Default)]
pub struct Script {
    /// the file
    pub body: Vec<u8>,
    /// several files by name, in place of the one; every other name is a 404
    pub files: Vec<(String, Vec<u8>)>,
    /// X-Linked-Etag; empty: none is sent
    pub etag: String,
    /// X-Linked-Etag and ETag are there and empty
    pub empty_etags: bool,
    /// the storage, in place of this server under another name: `http://host:port`
    pub storage: Option<String>,
    /// X-Linked-Size
    pub announced: Option<u64>,
    /// answers every request to the hub with this status
    pub hub_status: Option<u16>,
    /// the n-th download is cut after this many bytes of body
    pub cuts: Vec<usize>,
    /// ignores Range
    pub no_ranges: bool,
    /// wait after every 4 KiB
    pub pause: Duration,
    /// the repository was renamed: HEAD and GET are sent to it by a relative
    /// redirect first
    pub renamed: bool,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub authorized: bool,
    pub range: Option<u64>,
}

impl Script {
    fn body_of(&self, path: &str) -> &[u8] {
        let named = self.files.iter().find(|(name, _)| name == file_name(path));
        named.map_or(&self.body, |(_, body)| body)
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

pub struct FakeHub {
    pub endpoint: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl FakeHub {
    pub fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, script) = (Arc::clone(&requests), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, script) = (Arc::clone(&log), Arc::clone(&script));
                // A client that goes away is part of the tests.
                thread::spawn(move || drop(serve(stream, port, &script, &log)));
            }
        });
        Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            requests,
        }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The requests to the storage.
    pub fn downloads(&self) -> Vec<Request> {
        let mut requests = self.requests();
        requests.retain(|request| request.path.starts_with("/storage/"));
        requests
    }
}

fn serve(
    mut stream: TcpStream,
    port: u16,
    script: &Script,
    log: &Mutex<Vec<Request>>,
) -> std::io::Result<()> {
    let Some(request) = read_request(&mut BufReader::new(&stream))? else {
        return Ok(());
    };
    let n_downloads = {
        let mut log = log.lock().unwrap();
        log.push(request.clone());
        let is_download = |request: &&Request| request.path.starts_with("/storage/");
        log.iter().filter(is_download).count()
    };
    if request.path.starts_with("/storage/") {
        let body = script.body_of(&request.path);
        return send_body(&mut stream, &request, script, (body, n_downloads - 1));
    }
    let answer = hub_answer(&request, port, script);
    stream.write_all(answer.as_bytes())
}

fn read_request(lines: &mut BufReader<&TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    lines.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let mut request = Request {
        method,
        path,
        authorized: false,
        range: None,
    };
    loop {
        let mut header = String::new();
        lines.read_line(&mut header)?;
        let header = header.trim().to_ascii_lowercase();
        match header.split_once(": ") {
            None => return Ok(Some(request)),
            Some(("authorization", token)) => request.authorized = token == "bearer secret",
            Some(("range", range)) => {
                let start = range.trim_start_matches("bytes=").trim_end_matches('-');
                request.range = start.parse().ok();
            }
            Some(_) => {}
        }
    }
}

fn hub_answer(request: &Request, port: u16, script: &Script) -> String {
    let name = file_name(&request.path);
    let lacks = !script.files.is_empty() && !script.files.iter().any(|(n, _)| n == name);
    if let Some(status) = script.hub_status.or(lacks.then_some(404)) {
        return format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let to = match script.renamed && !request.path.starts_with("/new-") {
        true => request.path.replacen('/', "/new-", 1),
        // Another name of this machine: the storage is another host.
        false => match &script.storage {
            Some(storage) => format!("{storage}/storage/{name}"),
            None => format!("http://localhost:{port}/storage/{name}"),
        },
    };
    let mut answer = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nX-Repo-Commit: c0ffee\r\n");
    if !to.starts_with('/') {
        if let Some(size) = script.announced {
            answer.push_str(&format!("X-Linked-Size: {size}\r\n"));
        }
        if script.empty_etags {
            answer.push_str("X-Linked-Etag: \"\"\r\nETag: W/\"\"\r\n");
        }
        if !script.etag.is_empty() {
            answer.push_str(&format!("X-Linked-Etag: \"{}\"\r\n", script.etag));
        }
    }
    answer + "Content-Length: 0\r\nConnection: close\r\n\r\n"
}

fn send_body(
    stream: &mut TcpStream,
    request: &Request,
    script: &Script,
    (body, nth): (&[u8], usize),
) -> std::io::Result<()> {
    let total = body.len();
    let start = match request.range {
        Some(start) if !script.no_ranges => start as usize,
        _ => 0,
    };
    if start > 0 && start >= total {
        let head = format!("HTTP/1.1 416 No\r\nContent-Range: bytes */{total}\r\n");
        return stream
            .write_all((head + "Content-Length: 0\r\nConnection: close\r\n\r\n").as_bytes());
    }
    let status = match start {
        0 => "HTTP/1.1 200 OK".to_owned(),
        _ => {
            let last = total - 1;
            format!("HTTP/1.1 206 Partial\r\nContent-Range: bytes {start}-{last}/{total}")
        }
    };
    let length = total - start;
    let head = format!("{status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let body = &body[start..];
    let cut = script.cuts.get(nth).copied().unwrap_or(length);
    for piece in body[..cut.min(length)].chunks(4096) {
        stream.write_all(piece)?;
        thread::sleep(script.pause);
    }
    Ok(())
}
