//! The timeline in words: what happened to servers, breakers, faults and switches.

use super::{Words, bytes};
use crate::metrics::timeline::{Entry, Happening};
use crate::observation::{BreakerState, DownCause, LabelIndex};
use crate::report::{Label, Names, TimelineEntry};
use crate::wiring::{NodeIndex, Wiring};

const NEUTRAL: u8 = 0;
const GOOD: u8 = 1;
const WARNING: u8 = 2;
const BAD: u8 = 3;

/// An entry of the timeline in words.
pub fn entry(wiring: &Wiring, names: &Names, entry: &Entry) -> TimelineEntry {
    let label = |index: LabelIndex| names.labels.get(index.0 as usize);
    let (kind, severity, subject, (en, ko)) = match entry.happening {
        Happening::FaultStarted(fault) => (
            "fault_started",
            BAD,
            key(label(fault)),
            named(label(fault), "Fault begins", "장애 시작"),
        ),
        Happening::FaultEnded(fault) => {
            ("fault_ended", GOOD, key(label(fault)), named(label(fault), "Fault over", "장애 끝"))
        }
        Happening::Switched(toggle, true) => {
            ("switched_on", GOOD, key(label(toggle)), named(label(toggle), "Switched on", "켬"))
        }
        Happening::Switched(toggle, false) => (
            "switched_off",
            NEUTRAL,
            key(label(toggle)),
            named(label(toggle), "Switched off", "끔"),
        ),
        Happening::Intervened(index) => {
            ("intervened", NEUTRAL, key(label(index)), named(label(index), "Intervention", "조치"))
        }
        Happening::AlarmSent(alarm, index) => {
            let subject = wiring.alarm_name(alarm);
            ("alarm_sent", WARNING, subject, alarm_sent(label(index), entry.count))
        }
        Happening::Breaker(edge, state) => {
            let subject = wiring.edge_name(edge);
            let (kind, severity, words) = breaker(&subject, state, entry.count);
            (kind, severity, subject, words)
        }
        Happening::Scaled(node, from, to) => {
            let subject = wiring.node(node).key.clone();
            let (en, ko) = names.node(&subject);
            let words =
                (format!("{en}: {from} → {to} servers"), format!("{ko}: 서버 {from}대 → {to}대"));
            ("scaled", if to < from { WARNING } else { GOOD }, subject, words)
        }
        Happening::Release(node, release) => {
            let (subject, name) = (wiring.node(node).key.clone(), key(label(release)));
            let (en, ko) = names.node(&subject);
            let words =
                (format!("{en}: release {name} is on its way"), format!("{ko}: {name} 배포 시작"));
            ("release_changed", NEUTRAL, subject, words)
        }
        Happening::RolledBack(node, release) => {
            let (subject, name) = (wiring.node(node).key.clone(), key(label(release)));
            let (en, ko) = names.node(&subject);
            let words = (
                format!("{en}: release {name} failed and is rolled back"),
                format!("{ko}: {name} 배포 실패, 롤백"),
            );
            ("rolled_back", WARNING, subject, words)
        }
        Happening::GovernorAlarm(node, wanted, allowed) => {
            let subject = wiring.node(node).key.clone();
            let (en, ko) = names.node(&subject);
            let words = (
                format!("{en}: governor alarm: {wanted} servers wanted, {allowed} allowed"),
                format!("{ko}: 거버너 경보: 서버 {wanted}대 요청, {allowed}대까지 허용"),
            );
            ("governor_alarm", WARNING, subject, words)
        }
        Happening::WritesLost(node) => {
            let (subject, count) = (wiring.node(node).key.clone(), entry.amount);
            let words = writes_lost(names.node(&subject), count);
            ("writes_lost", BAD, subject, words)
        }
        Happening::Down(node, _)
        | Happening::Booting(node)
        | Happening::BootHeldUp(node)
        | Happening::Migrates(node)
        | Happening::CutsOver(node)
        | Happening::Migrated(node)
        | Happening::Up(node)
        | Happening::OutOfRotation(node)
        | Happening::BackInRotation(node)
        | Happening::TakesOver(node)
        | Happening::PromotionStarted(node)
        | Happening::Promoted(node)
        | Happening::SwapStarted(node)
        | Happening::RolesSwapped(node)
        | Happening::EjectionRefused(node)
        | Happening::GcOverhead(node)
        | Happening::DiskFull(node)
        | Happening::AuthMode(node, _)
        | Happening::LogRotated(node)
        | Happening::QueueFull(node)
        | Happening::SpoolBegan(node)
        | Happening::SpoolLost(node)
        | Happening::RecoveryFails(node)
        | Happening::SpoolDrained(node) => {
            let subject = wiring.node(node).key.clone();
            let (kind, severity, words) = server(wiring, names, node, entry);
            (kind, severity, subject, words)
        }
    };
    TimelineEntry { at_s: entry.at.seconds(), kind, subject, severity, en, ko }
}

fn key(label: Option<&Label>) -> String {
    label.map(|label| label.key.clone()).unwrap_or_default()
}

fn named(label: Option<&Label>, en: &str, ko: &str) -> Words {
    let name = label.map(|label| label.en.as_str()).unwrap_or_default();
    let korean = label.and_then(|label| label.ko.as_deref()).unwrap_or(name);
    (format!("{en}: {name}"), format!("{ko}: {korean}"))
}

fn alarm_sent(label: Option<&Label>, count: u32) -> Words {
    let (en, ko) = named(label, "Alarm", "알람");
    if count == 1 {
        return (en, ko);
    }
    (format!("{en} ({count} times)"), format!("{ko} ({count}회)"))
}

fn breaker(edge: &str, state: BreakerState, count: u32) -> (&'static str, u8, Words) {
    let (kind, severity, en, ko) = match state {
        BreakerState::Open => ("breaker_open", WARNING, "open", "열림"),
        BreakerState::HalfOpen => ("breaker_half_open", NEUTRAL, "half-open", "반열림"),
        BreakerState::Closed => ("breaker_closed", GOOD, "closed", "닫힘"),
    };
    let words = if count == 1 {
        let particle = if state == BreakerState::HalfOpen {
            "서킷 브레이커"
        } else {
            "서킷 브레이커가"
        };
        (format!("{edge}: circuit breaker {en}"), format!("{edge}: {particle} {ko}"))
    } else {
        (
            format!("{edge}: {count} circuit breakers {en}"),
            format!("{edge}: 서킷 브레이커 {count}개 {ko}"),
        )
    };
    (kind, severity, words)
}

fn writes_lost((en, ko): Words, count: u64) -> Words {
    let en = match count {
        1 => format!("{en}: 1 committed write lost"),
        _ => format!("{en}: {count} committed writes lost"),
    };
    (en, format!("{ko}: 커밋된 쓰기 {count}건 유실"))
}

/// What happened to a server, or to several within a window.
fn server(
    wiring: &Wiring,
    names: &Names,
    node: NodeIndex,
    entry: &Entry,
) -> (&'static str, u8, Words) {
    let (kind, severity, (en, ko)) = happened(entry.happening);
    let (en_freed, ko_freed) = amount(entry);
    let words = if entry.count == 1 {
        let (en_one, ko_one) = one_server(wiring, names, node, entry.server);
        (format!("{en_one} {en}{en_freed}"), format!("{ko_one} {ko}{ko_freed}"))
    } else {
        let (en_name, ko_name) = names.node(&wiring.node(node).key);
        let colon = if is_state(entry.happening) { "" } else { ":" };
        let count = entry.count;
        (
            format!("{en_name}: {count} servers{colon} {en}{en_freed}"),
            format!("{ko_name}: 서버 {count}대{colon} {ko}{ko_freed}"),
        )
    };
    (kind, severity, words)
}

/// A server as the beginning of a sentence.
fn one_server(wiring: &Wiring, names: &Names, node: NodeIndex, server: u32) -> Words {
    let numbered = |key: &str| {
        let (en, ko) = names.node(key);
        let number = |name: String| {
            if name == key { format!("{name}#{server}") } else { format!("{name} #{server}") }
        };
        (number(en), number(ko))
    };
    let subject = &wiring.node(node).key;
    // A balancer's servers are those of the station behind it.
    let station = wiring.edges.iter().find(|edge| edge.callee == node && edge.station != node);
    match station {
        Some(edge) => {
            let (en_name, ko_name) = names.node(subject);
            let (en, ko) = numbered(&wiring.node(edge.station).key);
            (format!("{en_name}: {en}"), format!("{ko_name}: {ko}"))
        }
        None => {
            let (en, ko) = numbered(subject);
            (format!("{en}:"), format!("{ko}:"))
        }
    }
}

/// What happened, without to whom: its kind, its severity, and the words.
fn happened(happening: Happening) -> (&'static str, u8, (&'static str, &'static str)) {
    let (kind, severity, en, ko) = match happening {
        Happening::Down(_, DownCause::Fault) => ("server_down", BAD, "down", "다운"),
        Happening::Down(_, DownCause::OutOfMemory) => {
            ("server_out_of_memory", BAD, "killed: out of memory", "메모리 부족으로 강제 종료")
        }
        Happening::Down(_, DownCause::Stopped) => ("server_stopped", NEUTRAL, "stopped", "중지"),
        Happening::Down(_, DownCause::Reclaimed) => {
            ("server_reclaimed", BAD, "taken back by the provider", "클라우드 사업자가 회수")
        }
        Happening::Down(_, DownCause::Unwell) => (
            "server_unwell",
            BAD,
            "killed: liveness probe failed",
            "라이브니스 프로브 실패로 강제 종료",
        ),
        Happening::Booting(_) => ("server_booting", NEUTRAL, "booting", "부팅 중"),
        Happening::BootHeldUp(_) => (
            "boot_held_up",
            WARNING,
            "cannot boot: a node that it needs is down",
            "부팅 대기: 필요한 노드가 내려가 있음",
        ),
        Happening::Migrates(_) => {
            ("migration_started", NEUTRAL, "rows are being copied", "데이터 복사 시작")
        }
        Happening::CutsOver(_) => ("cut_over", WARNING, "cut-over begins", "전환 시작"),
        Happening::Migrated(_) => (
            "migrated",
            GOOD,
            "migrated: queries go to the new database",
            "이전 완료: 쿼리를 새 데이터베이스로 보냄",
        ),
        Happening::Up(_) => ("server_up", GOOD, "up", "가동"),
        Happening::OutOfRotation(_) => {
            ("out_of_rotation", WARNING, "out of rotation", "분산 대상에서 제외")
        }
        Happening::BackInRotation(_) => {
            ("back_in_rotation", GOOD, "back in rotation", "분산 대상으로 복귀")
        }
        Happening::TakesOver(_) => ("takes_over", WARNING, "takes over", "역할 승계 시작"),
        Happening::PromotionStarted(_) => {
            ("promotion_started", WARNING, "promotion to primary begins", "프라이머리 승격 시작")
        }
        Happening::Promoted(_) => ("promoted", GOOD, "is the primary now", "프라이머리로 승격됨"),
        Happening::SwapStarted(_) => {
            ("swap_started", NEUTRAL, "planned swap of roles begins", "계획된 역할 교체 시작")
        }
        Happening::RolesSwapped(_) => (
            "roles_swapped",
            GOOD,
            "is the primary now, as planned",
            "역할 교체 완료, 새 프라이머리",
        ),
        Happening::EjectionRefused(_) => (
            "ejection_refused",
            WARNING,
            "not ejected: the limit is reached",
            "제외하지 못함: 한도 도달",
        ),
        Happening::GcOverhead(_) => (
            "gc_overhead",
            BAD,
            "garbage collection takes more than half of the time",
            "GC에 시간의 절반 이상 소요",
        ),
        Happening::AuthMode(_, true) => (
            "auth_alone",
            WARNING,
            "renew tokens without the identity provider",
            "IdP 없이 자체 토큰 갱신",
        ),
        Happening::AuthMode(_, false) => {
            ("auth_usual", GOOD, "ask the identity provider again", "IdP 인증으로 복귀")
        }
        Happening::DiskFull(_) => ("disk_full", BAD, "disk full", "디스크가 가득 참"),
        Happening::QueueFull(_) => {
            ("queue_full", BAD, "queue is full: messages refused", "큐가 가득 차 메시지 거절")
        }
        Happening::SpoolBegan(_) => {
            ("spool_began", WARNING, "records go to the local spool", "로컬 스풀에 기록 시작")
        }
        Happening::RecoveryFails(_) => {
            ("recovery_fails", BAD, "recovery batch fails", "복구 배치 실패")
        }
        Happening::SpoolDrained(_) => ("spool_drained", GOOD, "spool is empty", "스풀을 모두 비움"),
        Happening::SpoolLost(_) => {
            ("spool_lost", BAD, "spool gone with the machine", "서버와 함께 스풀 유실")
        }
        _ => ("log_rotated", GOOD, "log rotated", "로그 로테이션"),
    };
    (kind, severity, (en, ko))
}

/// Whether its words go on from "two servers", or are a sentence of their own.
fn is_state(happening: Happening) -> bool {
    matches!(
        happening,
        Happening::Down(..)
            | Happening::Booting(_)
            | Happening::Up(_)
            | Happening::OutOfRotation(_)
            | Happening::BackInRotation(_)
            | Happening::AuthMode(..)
    )
}

/// What a happening freed, or sent.
fn amount(entry: &Entry) -> Words {
    match (entry.happening, entry.amount) {
        (_, 0) => Words::default(),
        (Happening::SpoolDrained(_), records) => {
            (format!(", {records} records sent"), format!(", 레코드 {records}건 재전송"))
        }
        (Happening::SpoolLost(_), records) => {
            (format!(", {records} records"), format!(", 레코드 {records}건"))
        }
        (_, freed) => (format!(", {} freed", bytes(freed)), format!(", {} 확보", bytes(freed))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Time;
    use crate::wiring::{EdgeIndex, NodeKind, WiredEdge, WiredNode};

    fn wiring() -> Wiring {
        let node = |key: &str| WiredNode { key: key.into(), kind: NodeKind::Service };
        let (owner, station) = (NodeIndex(0), NodeIndex(1));
        let edge = WiredEdge { owner, key: "idp".into(), callee: NodeIndex(2), station };
        let balancer = WiredNode { key: "lb".into(), kind: NodeKind::Balancer };
        let nodes = vec![node("api"), node("idp"), balancer];
        Wiring { nodes, edges: vec![edge], ..Wiring::default() }
    }

    fn said(happening: Happening, server: u32, count: u32, amount: u64) -> Words {
        let label = |key: &str, en: &str, ko: &str| Label {
            key: key.into(),
            en: en.into(),
            ko: Some(ko.into()),
        };
        let names = Names {
            labels: vec![label("slow", "Slow API", "느린 API")],
            nodes: vec![label("idp", "Provider", "인증 제공자")],
        };
        let entry = Entry { at: Time(0), happening, server, count, amount };
        let entry = super::entry(&wiring(), &names, &entry);
        (entry.en, entry.ko)
    }

    #[test]
    fn one_server_is_named_and_several_are_counted() {
        let down = Happening::Down(NodeIndex(0), DownCause::Fault);
        assert_eq!(said(down, 3, 1, 0), ("api#3: down".into(), "api#3: 다운".into()));
        assert_eq!(
            said(down, 3, 2, 0),
            ("api: 2 servers down".into(), "api: 서버 2대 다운".into())
        );
        let full = Happening::DiskFull(NodeIndex(0));
        assert_eq!(said(full, 3, 1, 0).0, "api#3: disk full");
        assert_eq!(said(full, 3, 2, 0).0, "api: 2 servers: disk full");
        let rotation = Happening::OutOfRotation(NodeIndex(2));
        assert_eq!(said(rotation, 7, 1, 0).0, "lb: Provider #7 out of rotation");
        assert_eq!(said(rotation, 7, 2, 0).1, "lb: 서버 2대 분산 대상에서 제외");
        let rotated = Happening::LogRotated(NodeIndex(0));
        let (en, ko) = said(rotated, 0, 1, 1_200_000_000);
        assert_eq!(en, "api#0: log rotated, 1.2 GB freed");
        assert_eq!(ko, "api#0: 로그 로테이션, 1.2 GB 확보");
    }

    #[test]
    fn breakers_and_labels() {
        let open = Happening::Breaker(EdgeIndex(0), BreakerState::Open);
        assert_eq!(said(open, 0, 1, 0).1, "api.idp: 서킷 브레이커가 열림");
        assert_eq!(said(open, 0, 8, 0).0, "api.idp: 8 circuit breakers open");
        let fault = Happening::FaultStarted(LabelIndex(0));
        assert_eq!(
            said(fault, 0, 1, 0),
            ("Fault begins: Slow API".into(), "장애 시작: 느린 API".into())
        );
        // A label that nobody gave is a bug of the caller, but no reason to panic in a report.
        assert_eq!(said(Happening::Intervened(LabelIndex(9)), 0, 1, 0).0, "Intervention: ");
    }
}
