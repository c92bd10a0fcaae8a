//! Packed links: `v1.` + base64url(zlib(JSON of the run)).
//!
//! zlib and not bare deflate, because its checksum notices links that a chat program has cut or
//! changed. The JSON is that of [`Run::to_sparse_json`]: keys in the author's order, no white space, and
//! nothing that the author did not write.

use super::LinkError;
use crate::run::Run;
use crate::scenario::MAX_BYTES;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};

/// Best compression of zlib's levels; a scenario takes a few milliseconds.
const LEVEL: u8 = 9;

pub(super) fn encode(run: &Run) -> String {
    let json = run.to_sparse_json().to_string();
    format!("v1.{}", URL_SAFE_NO_PAD.encode(compress_to_vec_zlib(json.as_bytes(), LEVEL)))
}

pub(super) fn decode(data: &str) -> Result<Run, LinkError> {
    // Some programs add the padding that the link leaves out.
    let bytes = URL_SAFE_NO_PAD.decode(data.trim_end_matches('=')).map_err(|_| damaged())?;
    // The limit holds while inflating: a bomb never gets more memory than this.
    let json = decompress_to_vec_zlib_with_limit(&bytes, MAX_BYTES).map_err(|error| match error
        .status
    {
        TINFLStatus::HasMoreOutput => LinkError::new(
            format!("This link holds too much: at most {MAX_BYTES} bytes."),
            format!("링크의 내용이 너무 큽니다: 최대 {MAX_BYTES}바이트."),
        ),
        _ => damaged(),
    })?;
    let text = std::str::from_utf8(&json).map_err(|_| damaged())?;
    Run::from_json(text).map_err(|problems| LinkError::invalid(&problems))
}

fn damaged() -> LinkError {
    LinkError::new(
        "This link is damaged or was cut off. Copy the whole link again.",
        "링크가 손상되었거나 잘렸습니다. 전체 링크를 다시 복사하세요.",
    )
}
