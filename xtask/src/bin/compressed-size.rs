//! Prints the size of files in bytes: as they are, after gzip and after brotli at their best levels.

use std::error::Error;
use std::io::Write;

/// Brotli's window as a power of two; 22 is what web servers use.
const WINDOW: u32 = 22;
/// How much brotli's encoder buffers, in bytes.
const BUFFER: usize = 64 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&bytes)?;
        let mut brotli = brotli::CompressorWriter::new(Vec::new(), BUFFER, 11, WINDOW);
        brotli.write_all(&bytes)?;
        let (gzip, brotli) = (gzip.finish()?.len(), brotli.into_inner().len());
        println!("{path}: {} bytes, gzip {gzip}, brotli {brotli}", bytes.len());
    }
    Ok(())
}
