//! A line with TLS on it, as the accept loop needs it: the frames of a client are counted behind the encryption.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use crate::abortable_stream::{AbortableStream, FrameCounter, StreamHandle};

/// See the module.
pub(crate) struct TlsLine {
    stream: Box<TlsStream<AbortableStream>>,
    counter: FrameCounter,
    /// Something was read since buffers were last cleared.
    is_soiled: bool,
}

impl TlsLine {
    /// On a line that has agreed on its keys.
    pub(crate) fn new(stream: TlsStream<AbortableStream>, handle: Arc<StreamHandle>) -> Self {
        Self { stream: Box::new(stream), counter: FrameCounter::new(handle), is_soiled: false }
    }
}

impl AsyncRead for TlsLine {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.counter.poll_pace(cx));
        let before = buffer.filled().len();
        let read = Pin::new(&mut *self.stream).poll_read(cx, buffer);
        self.counter.count(buffer.filled().get(before..).unwrap_or_default());
        if buffer.filled().len() > before {
            self.is_soiled = true;
        } else if read.is_pending() && std::mem::take(&mut self.is_soiled) {
            // As on a line without TLS: whoever reads has done with what came before.
            forgetting::clear(buffer.initialize_unfilled());
        }
        read
    }
}

impl AsyncWrite for TlsLine {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_shutdown(cx)
    }
}

impl fmt::Debug for TlsLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsLine(…)")
    }
}
