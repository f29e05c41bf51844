//! A mail server: SMTP on a port of its own, that keeps what it takes, and refuses, defers, dawdles or hangs up when told to.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::eventually;

/// How the server treats a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Takes it.
    Take,
    /// Knows no such recipient: 550.
    Refuse,
    /// Is busy: 451.
    Defer,
    /// Takes it, after a while.
    Dawdle(Duration),
    /// Reads all of it and hangs up without a word.
    HangUp,
    /// Hangs up in the middle of it.
    Cut,
    /// Hangs up as soon as somebody connects.
    Gone,
}

/// A mail as the server read it.
#[derive(Debug, Clone)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// Headers and body as they were sent.
    pub data: String,
    /// Whether the server said that it took it.
    pub taken: bool,
}

impl Mail {
    /// A header, decoded; empty when there is none.
    pub fn header(&self, name: &str) -> String {
        let (head, _) = self.data.split_once("\r\n\r\n").unwrap_or((&self.data, ""));
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let line = unfolded.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_string())
        });
        words(&line.unwrap_or_default())
    }

    /// The body, decoded.
    pub fn text(&self) -> String {
        let (_, body) = self.data.split_once("\r\n\r\n").unwrap_or(("", &self.data));
        let decoded = match self.header("Content-Transfer-Encoding").as_str() {
            "base64" => STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap_or_default(),
            "quoted-printable" => unquoted(&body.replace("=\r\n", "")),
            _ => body.into(),
        };
        String::from_utf8_lossy(&decoded).replace("\r\n", "\n")
    }
}

/// Encoded words of a header (RFC 2047), in UTF-8.
fn words(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value;
    while let Some((before, word)) = rest.split_once("=?utf-8?") {
        let Some((body, after)) = word.split_once("?=") else { break };
        // White space between two encoded words belongs to neither.
        text += if text.is_empty() || !before.trim().is_empty() { before } else { "" };
        let bytes = match body.split_at_checked(2) {
            Some(("b?", encoded)) => STANDARD.decode(encoded).unwrap_or_default(),
            Some((_, encoded)) => unquoted(&encoded.replace('_', " ")),
            None => Vec::new(),
        };
        text += &String::from_utf8_lossy(&bytes);
        rest = after;
    }
    text + rest
}

fn unquoted(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], code) {
            (b'=', Some(byte)) => {
                decoded.push(byte);
                at += 3;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

#[derive(Default)]
struct State {
    manner: Option<Manner>,
    of: HashMap<String, Manner>,
    mails: Vec<Mail>,
}

/// A mail server.
#[derive(Clone)]
pub struct SmtpServer {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl SmtpServer {
    /// A server that takes everything.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let server = Self { address: listener.local_addr()?, state: Arc::default() };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = serving.clone();
                tokio::spawn(async move {
                    // A client that goes away is the test's matter.
                    let _ = server.talk(stream).await;
                });
            }
        });
        Ok(server)
    }

    /// Its URL, for `mail.url`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Treats every mail so from here on.
    pub fn treat_all(&self, manner: Manner) {
        self.with(|state| state.manner = Some(manner));
    }

    /// Treats mails to one address so from here on.
    pub fn treat(&self, address: &str, manner: Manner) {
        self.with(|state| state.of.insert(address.into(), manner));
    }

    /// All that was read, taken or not, in order.
    pub fn mails(&self) -> Vec<Mail> {
        self.with(|state| state.mails.clone())
    }

    /// What was taken, in order.
    pub fn taken(&self) -> Vec<Mail> {
        self.mails().into_iter().filter(|mail| mail.taken).collect()
    }

    /// Waits until so many were taken.
    ///
    /// # Errors
    /// When they are not.
    pub async fn until_taken(&self, count: usize) -> Result<Vec<Mail>> {
        let taken = || async { Ok(Some(self.taken()).filter(|taken| taken.len() >= count)) };
        eventually(&format!("{count} mails are taken"), taken).await
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn manner(&self, address: &str) -> Manner {
        self.with(|state| state.of.get(address).copied().or(state.manner).unwrap_or(Manner::Take))
    }

    async fn talk(&self, mut stream: TcpStream) -> Result<()> {
        if self.manner("") == Manner::Gone {
            return Ok(());
        }
        let (reading, mut writing) = stream.split();
        let mut reading = BufReader::new(reading);
        say(&mut writing, "220 relais.test ESMTP").await?;
        let mut to = String::new();
        loop {
            let mut line = String::new();
            if reading.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let verb = line.split([' ', '\r']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => say(&mut writing, "250-relais.test\r\n250 8BITMIME").await?,
                "RCPT" => {
                    to = address_of(&line).context("RCPT without an address")?;
                    let answer = match self.manner(&to) {
                        Manner::Refuse => format!("550 5.1.1 <{to}>: no such user here"),
                        Manner::Defer => format!("451 4.3.0 <{to}>: later"),
                        _ => "250 fine".into(),
                    };
                    say(&mut writing, &answer).await?;
                }
                "DATA" => {
                    say(&mut writing, "354 go on").await?;
                    if self.manner(&to) == Manner::Cut {
                        reading.read_line(&mut line).await?;
                        return Ok(());
                    }
                    let data = data(&mut reading).await?;
                    if !self.take(&to, data).await {
                        return Ok(());
                    }
                    say(&mut writing, "250 taken").await?;
                }
                "QUIT" => return say(&mut writing, "221 bye").await,
                "HELO" | "MAIL" | "RSET" | "NOOP" => say(&mut writing, "250 fine").await?,
                _ => say(&mut writing, "502 not here").await?,
            }
        }
    }

    /// Keeps a mail; says whether to go on.
    async fn take(&self, to: &str, data: String) -> bool {
        let manner = self.manner(to);
        if let Manner::Dawdle(while_) = manner {
            tokio::time::sleep(while_).await;
        }
        let taken = manner != Manner::HangUp;
        self.with(|state| state.mails.push(Mail { to: to.into(), data, taken }));
        taken
    }
}

async fn say(writing: &mut (impl AsyncWriteExt + Unpin), line: &str) -> Result<()> {
    Ok(writing.write_all(format!("{line}\r\n").as_bytes()).await?)
}

fn address_of(line: &str) -> Option<String> {
    let (_, rest) = line.split_once('<')?;
    rest.split_once('>').map(|(address, _)| address.to_string())
}

/// Up to the line with a single dot; dots that were doubled are single again.
async fn data(reading: &mut BufReader<impl AsyncReadExt + Unpin>) -> Result<String> {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        anyhow::ensure!(reading.read_line(&mut line).await? > 0, "the client went away");
        match line.strip_prefix('.') {
            Some("\r\n") => return Ok(data),
            Some(rest) => data += rest,
            None => data += &line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_and_bodies_are_read() {
        let data = "Subject: =?utf-8?b?UmVsYWlzwqA6?= =?utf-8?b?IHVu?=\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nRendez-vous =C3=\r\n=A0 midi\r\n";
        let mail = Mail { to: String::new(), data: data.into(), taken: true };
        assert_eq!(mail.header("subject"), "Relais\u{a0}: un");
        assert_eq!(mail.text(), "Rendez-vous à midi\n");
        assert_eq!(mail.header("absent"), "");
    }
}
