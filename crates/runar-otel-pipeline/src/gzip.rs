//! Gzip compression, of large bodies on a blocking thread.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

/// The largest body, in bytes, that is compressed on the calling thread: another thread would cost more than it saves.
const ON_THE_SPOT: usize = 64 * 1024;

/// Compresses the bytes with gzip. `None` if that takes longer than the limit, and without the feature `gzip`: the bytes
/// are then sent as they are.
///
/// The limit matters because the blocking threads are few, and each of them may be busy with another large body.
pub(crate) async fn compressed(bytes: &Bytes, limit: Duration) -> Option<Bytes> {
    if bytes.len() <= ON_THE_SPOT {
        return compress(bytes);
    }
    let bytes = bytes.clone();
    let compressing = tokio::task::spawn_blocking(move || compress(&bytes));
    timeout(limit, compressing).await.ok()?.ok()?
}

#[cfg(feature = "gzip")]
fn compress(bytes: &[u8]) -> Option<Bytes> {
    let room = Vec::with_capacity(bytes.len() / 8);
    let mut encoder = flate2::write::GzEncoder::new(room, flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

#[cfg(not(feature = "gzip"))]
fn compress(_: &[u8]) -> Option<Bytes> {
    None
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
