//! Gzip compression, of large bodies on a blocking thread.

use std::{io::Write, time::Duration};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use tokio::time::timeout;

/// The largest body, in bytes, that is compressed on the calling thread: another thread would cost more than it saves.
const ON_THE_SPOT: usize = 64 * 1024;

/// Compresses the bytes with gzip. `None` if that takes longer than the limit: the bytes are then sent as they are.
///
/// The limit matters because the blocking threads are few and a name look-up may hold them.
pub(crate) async fn compressed(bytes: &Bytes, limit: Duration) -> Option<Bytes> {
    if bytes.len() <= ON_THE_SPOT {
        return compress(bytes);
    }
    let bytes = bytes.clone();
    let compressing = tokio::task::spawn_blocking(move || compress(&bytes));
    timeout(limit, compressing).await.ok()?.ok()?
}

fn compress(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

#[cfg(test)]
pub(crate) fn decompressed(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut plain).unwrap();
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn small_and_large_bodies_survive() {
        for size in [0, 10, ON_THE_SPOT + 1] {
            let plain = Bytes::from(vec![b'x'; size]);
            let packed = compressed(&plain, Duration::from_secs(60)).await.unwrap();
            assert_eq!(decompressed(&packed), plain);
        }
    }
}
