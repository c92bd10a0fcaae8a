//! What shows that a node has left its normal band: the stages of the cascade in words.

use super::{Words, percent};
use crate::observation::DownCause;

/// Stage `down` of the cascade.
pub fn down(server: u32, cause: DownCause) -> Words {
    match cause {
        DownCause::OutOfMemory => {
            (format!("server #{server} ran out of memory"), format!("#{server} 서버 메모리 부족"))
        }
        DownCause::Unwell => (
            format!("server #{server} failed its liveness probe"),
            format!("#{server} 서버 라이브니스 프로브 실패"),
        ),
        DownCause::Reclaimed => (
            format!("the provider took server #{server} back"),
            format!("#{server} 서버를 클라우드 사업자가 회수"),
        ),
        _ => (format!("server #{server} went down"), format!("#{server} 서버 다운")),
    }
}

/// Stage `errors` of the cascade, when a disk is full.
pub fn disk_full() -> Words {
    ("disk full: log writes fail".into(), "디스크가 가득 차 로그 쓰기 실패".into())
}

/// Stage `errors` of the cascade.
pub fn errors(share: f64, normal: f64) -> Words {
    let (share, normal) = (percent(share), percent(normal));
    (format!("{share} errors (normally {normal})"), format!("오류 {share} (평소 {normal})"))
}

/// Stage `slow` of the cascade, in milliseconds.
pub fn slow(p95_ms: f64, normal_ms: f64) -> Words {
    (
        format!("p95 {p95_ms:.0} ms (normally {normal_ms:.0} ms)"),
        format!("p95 {p95_ms:.0} ms (평소 {normal_ms:.0} ms)"),
    )
}

/// Stage `saturated` of the cascade, when cores are short.
pub fn cpu() -> Words {
    ("every core busy".into(), "모든 CPU 코어가 바쁨".into())
}

/// Stage `saturated` of the cascade, when threads are short.
pub fn pool(pool: &str, threads: u32, queue: f64) -> Words {
    (
        format!("pool {pool}: all {threads} threads busy, {queue:.0} waiting"),
        format!("{pool} 풀: 스레드 {threads}개 모두 사용 중, 대기 {queue:.0}건"),
    )
}

/// Stage `stopped` of the cascade, in requests per second.
pub fn stopped(rate: f64, normal: f64) -> Words {
    (
        format!("{rate:.0} answered per second (normally {normal:.0})"),
        format!("초당 응답 {rate:.0}건 (평소 {normal:.0}건)"),
    )
}
