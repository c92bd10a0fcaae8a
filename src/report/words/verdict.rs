//! The judgement in words.

use super::{Words, percent, seconds};
use crate::report::{CascadeStep, Verdict};

fn stage_name(stage: &str) -> (&'static str, &'static str) {
    match stage {
        "errors" => ("errors", "오류"),
        "slow" => ("slow responses", "응답 지연"),
        "saturated" => ("saturation", "포화"),
        "down" => ("a server down", "서버 다운"),
        _ => ("standstill", "정지"),
    }
}

fn origin(first: Option<&CascadeStep>) -> Words {
    let Some(step) = first else { return Words::default() };
    let (en, ko) = stage_name(step.stage);
    let node = &step.node;
    (format!(" It began at {node} ({en})."), format!(" 시작점은 {node} ({ko})."))
}

/// The judgement in a sentence or two. Reads every field of the verdict but `en` and `ko`.
pub fn judgement(verdict: &Verdict, first: Option<&CascadeStep>) -> Words {
    let availability = percent(verdict.availability);
    let kept = percent(verdict.goodput_ratio);
    let (en, ko) = match verdict.state {
        "healthy" => {
            return (
                format!("Healthy: {availability} of all requests were answered."),
                format!("정상: 전체 요청의 {availability}에 응답했습니다."),
            );
        }
        "running" => (
            format!("Under way: so far {availability} of all requests were answered."),
            format!("진행 중: 지금까지 전체 요청의 {availability}에 응답했습니다."),
        ),
        "contained" => contained(verdict, &kept),
        "recovered" => recovered(verdict, &kept),
        "metastable" => (
            format!("Metastable: the trigger is gone, yet goodput stays at {kept} of normal."),
            format!("준안정 장애: 원인이 사라진 뒤에도 처리량이 평소의 {kept}에 머무릅니다."),
        ),
        _ => (
            format!("Down: goodput fell to {kept} of normal and has not come back."),
            format!("장애 지속: 처리량이 평소의 {kept}로 떨어진 뒤 회복되지 않았습니다."),
        ),
    };
    let (en_origin, ko_origin) = origin(first);
    (en + &en_origin, ko + &ko_origin)
}

fn contained(verdict: &Verdict, kept: &str) -> Words {
    match verdict.time_to_contain_s.filter(|time| *time > 0.0).map(seconds) {
        Some(time) => (
            format!(
                "Contained {time} s after the trigger; goodput was {kept} of normal until then."
            ),
            format!("발생 {time}초 만에 차단됐습니다. 그동안 처리량은 평소의 {kept}였습니다."),
        ),
        None => {
            let availability = percent(verdict.availability);
            (
                format!(
                    "Contained: {availability} of all requests were answered, goodput was {kept} of normal."
                ),
                format!(
                    "차단됨: 전체 요청의 {availability}에 응답했고 처리량은 평소의 {kept}였습니다."
                ),
            )
        }
    }
}

fn recovered(verdict: &Verdict, kept: &str) -> Words {
    let time = verdict.recovery_time_s.filter(|_| verdict.trigger_end_s.is_some());
    if time == Some(0.0) {
        return (
            format!("Recovered when the trigger ended; meanwhile goodput was {kept} of normal."),
            format!("원인이 사라지자 바로 회복됐습니다. 그동안 처리량은 평소의 {kept}였습니다."),
        );
    }
    let (en, ko) = match time.map(seconds) {
        Some(time) => (
            format!("Recovered {time} s after the trigger ended"),
            format!("원인이 사라지고 {time}초 뒤 회복됐습니다."),
        ),
        None => ("Recovered".to_owned(), "회복됐습니다.".to_owned()),
    };
    (
        format!("{en}; meanwhile goodput was {kept} of normal."),
        format!("{ko} 그동안 처리량은 평소의 {kept}였습니다."),
    )
}

/// The judgement over a system that never managed its load.
pub fn overloaded(verdict: &Verdict) -> Words {
    let availability = percent(verdict.availability);
    (
        format!("Down all along: only {availability} of all requests were answered."),
        format!("처음부터 과부하: 전체 요청의 {availability}에만 응답했습니다."),
    )
}
