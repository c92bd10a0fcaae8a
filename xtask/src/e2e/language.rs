//! Korean and English.

use crate::page::Page;
use crate::user::{choose, choose_preset, play_to, run_to_the_end};
use xtask::Outcome;

/// Every text on the page that has Latin words but no Hangul, without what is a name, a unit or a
/// key, and without the parameters' help, which is English as yet.
const LATIN_TEXTS: &str = "
    const texts = new Set();
    const skipped = 'code, kbd, noscript, .help, .form option, .form summary, [lang=en], script, style, title, #share-link';
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode())
      if (!walker.currentNode.parentElement.closest(skipped))
        texts.add(walker.currentNode.textContent.trim());
    for (const one of document.querySelectorAll('*'))
      if (!one.closest(skipped))
        for (const name of ['aria-label', 'title', 'placeholder', 'aria-valuetext', 'alt'])
          if (one.hasAttribute(name)) texts.add(one.getAttribute(name).trim());
    const { describe, effective } = window.brownout.state;
    const names = new Set(['Brownout', 'logrotate', 'p50', 'p95', 'p99', 'CPU', 'ms', 's', 'x',
      ...describe.nodes.map(({ key }) => key), ...describe.edges.map(({ key }) => key),
      ...describe.pools.flatMap(({ key, pool }) => [key, pool])]);
    const known = word => names.has(word) || /^[\\d.,+×–/%┄━…·:-]*([kMGTP]?B)?$/.test(word);
    return [...texts].filter(text => /[A-Za-z]/.test(text) && !/[\\uac00-\\ud7a3]/.test(text)
      && !text.trim().split(/\\s+/).every(known)).sort();";

/// Nothing of the page's own stays English, wherever one looks; the choice outlives the visit.
pub fn korean_is_complete_and_stays(page: &Page) -> Outcome {
    page.open("")?;
    assert_eq!(page.value("document.documentElement.lang")?, "en");
    choose(page, "#language", "ko")?;
    page.wait_until("document.querySelector('#share').textContent === '공유'")?;
    page.reload()?;
    assert_eq!(page.value("document.documentElement.lang")?, "ko");
    for preset in ["slow-dependency", "full-disk"] {
        choose_preset(page, preset)?;
        run_to_the_end(page)?;
        no_english_left(page, preset)?;
    }
    for subject in ["node:users", "node:front", "toggle:logrotate"] {
        choose(page, "#subject", subject)?;
        no_english_left(page, subject)?;
    }
    Ok(())
}

fn no_english_left(page: &Page, place: &str) -> Outcome {
    page.settle()?;
    let left = page.script(LATIN_TEXTS)?;
    assert_eq!(left, serde_json::json!([]), "{place}");
    Ok(())
}

/// Back to English, everything is English again, in the middle of a run as well.
pub fn english_comes_back(page: &Page) -> Outcome {
    page.open("?lang=ko")?;
    // By now the verdict has been announced in Korean.
    play_to(page, 60.0)?;
    choose(page, "#language", "en")?;
    page.settle()?;
    let hangul = page.script(
        "const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
         const found = [];
         while (walker.nextNode()) {
           const { textContent, parentElement } = walker.currentNode;
           if (/[\\uac00-\\ud7a3]/.test(textContent) && !parentElement.closest('[lang=ko], noscript'))
             found.push(textContent.trim());
         }
         return found;",
    )?;
    assert_eq!(hangul, serde_json::json!([]));
    Ok(())
}
