//! The judgement in words.

use super::{Words, percent, seconds};
use crate::report::{CascadeStep, Names, Verdict};

fn stage_name(stage: &str) -> (&'static str, &'static str) {
    match stage {
        "errors" => ("errors", "오류"),
        "slow" => ("slow responses", "응답 지연"),
        "saturated" => ("saturation", "포화"),
        "down" => ("a server down", "서버 다운"),
        _ => ("standstill", "정지"),
    }
}

fn origin(first: Option<&CascadeStep>, names: &Names) -> Words {
    let Some(step) = first else { return Words::default() };
    let (en, ko) = stage_name(step.stage);
    let (en_node, ko_node) = names.node(&step.node);
    (format!(" It began at {en_node} ({en})."), format!(" 시작점은 {ko_node} ({ko})."))
}

/// The judgement in a sentence or two. Reads every field of the verdict but `en` and `ko`.
pub fn judgement(verdict: &Verdict, first: Option<&CascadeStep>, names: &Names) -> Words {
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
        "contained" => contained(verdict),
        "recovered" => recovered(verdict),
        "metastable" => (
            format!("Metastable: the trigger is gone, yet goodput stays at {kept} of normal."),
            format!("준안정 장애: 원인이 사라진 뒤에도 처리량이 평소의 {kept}에 머무릅니다."),
        ),
        _ => (
            format!("Down: goodput fell to {kept} of normal and has not come back."),
            format!("장애 지속: 처리량이 평소의 {kept}로 떨어진 뒤 회복되지 않았습니다."),
        ),
    };
    let (en_origin, ko_origin) = origin(first, names);
    (en + &en_origin, ko + &ko_origin)
}

fn contained(verdict: &Verdict) -> Words {
    match verdict.time_to_contain_s.filter(|time| *time > 0.0).map(seconds) {
        Some(time) => {
            let (en, ko) = meanwhile(verdict);
            (
                format!("Contained {time} s after the trigger; {en}"),
                format!("발생 {time}초 만에 차단됐습니다. {ko}"),
            )
        }
        None => {
            let (en, ko) = answered(verdict);
            (format!("Contained: {en}"), format!("차단됨: {ko}"))
        }
    }
}

fn recovered(verdict: &Verdict) -> Words {
    let (en, ko) = if let Some(time) = back_during_trigger(verdict).map(seconds) {
        (format!("Recovered {time} s after the trigger"), format!("발생 {time}초 뒤 회복됐습니다."))
    } else {
        let time = verdict.recovery_time_s.filter(|_| verdict.trigger_end_s.is_some());
        match time.map(|time| (time > 0.0, seconds(time))) {
            Some((true, time)) => (
                format!("Recovered {time} s after the trigger ended"),
                format!("원인이 사라지고 {time}초 뒤 회복됐습니다."),
            ),
            Some((false, _)) => (
                "Recovered when the trigger ended".to_owned(),
                "원인이 사라지자 바로 회복됐습니다.".to_owned(),
            ),
            None => ("Recovered".to_owned(), "회복됐습니다.".to_owned()),
        }
    };
    let (en_meanwhile, ko_meanwhile) = meanwhile(verdict);
    (format!("{en}; {en_meanwhile}"), format!("{ko} {ko_meanwhile}"))
}

/// How long after the trigger goodput was back, if that was before the trigger ended.
fn back_during_trigger(verdict: &Verdict) -> Option<f64> {
    let (trigger, time) = (verdict.trigger_at_s?, verdict.time_to_contain_s?);
    verdict.trigger_end_s.is_none_or(|end| trigger + time < end).then_some(time)
}

/// What users had of it while it lasted. More goodput than usual says nothing by itself: more may have been asked for.
fn meanwhile(verdict: &Verdict) -> Words {
    if verdict.goodput_ratio > 1.0 {
        return answered(verdict);
    }
    let kept = percent(verdict.goodput_ratio);
    (
        format!("meanwhile goodput was {kept} of normal."),
        format!("그동안 처리량은 평소의 {kept}였습니다."),
    )
}

fn answered(verdict: &Verdict) -> Words {
    let (availability, kept) = (percent(verdict.availability), percent(verdict.goodput_ratio));
    (
        format!("{availability} of all requests were answered, goodput was {kept} of normal."),
        format!("전체 요청의 {availability}에 응답했고 처리량은 평소의 {kept}였습니다."),
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
