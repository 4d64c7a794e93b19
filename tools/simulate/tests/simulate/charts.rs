//! What a run looks like as a picture.

use rstest::rstest;

use super::{ROLLING_UPDATE, plugin, run, run_with, scenario};

#[test]
fn the_chart_is_xml_with_every_layer_and_escaped_text() {
    let text = scenario("worst-night").replace("The worst night", "<script>&\\u001b \\\"night\\\"");
    let svg = run(&text).chart();

    let document = roxmltree::Document::parse(&svg).unwrap();
    let by_id = |id: &str| document.descendants().find(|node| node.attribute("id") == Some(id));
    for id in [
        "axes",
        "layers",
        "legend",
        "decisions",
        "events",
        "target",
        "capacity",
        "end",
        "old-serving",
        "old-stopping",
        "new-starting",
        "new-unready",
        "new-ready",
        "new-serving",
        "failed",
    ] {
        assert!(by_id(id).is_some(), "there is no `{id}`");
    }
    let title = by_id("title").and_then(|node| node.text()).unwrap();
    assert_eq!(title, r#"<script>&\u{1b} "night""#);
    assert!(by_id("desc").and_then(|node| node.text()).unwrap().starts_with("v2: completed after "));
    let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
    assert!(texts.contains(&"promoting (lost)") && texts.contains(&"target is now 6"), "{texts:?}");
    assert!(document.descendants().all(|node| node.tag_name().name() != "script"));
}

#[test]
fn what_is_kept_for_a_way_back_is_no_layer_of_what_is_drained_or_sick() {
    let text = r#"{"title": "t", "target": 3, "config": {"auto_promote": true, "keep_blue_seconds": 60},
        "events": [{"at_seconds": 45, "unhealthy": "v1"}]}"#;
    let run = run(text);

    let output = run.timeline(false);
    assert!(output.contains("▣ old, on standby   □ old, not ready\n▫ old, stopping\n"), "{output}");
    assert!(output.contains("40s     ▣▣▣●●●  ") && output.contains("45s     □▣▣●●●  "), "{output}");
    assert!(output.contains("1m 31s  ▫▫▫●●●  "), "{output}");
    let svg = run.chart();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let layers = ["old-serving", "old-standby", "old-unready", "old-stopping"].map(|id| {
        let layer = document.descendants().find(|node| node.attribute("id") == Some(id));
        layer.and_then(|layer| layer.attribute("fill")).unwrap_or_else(|| panic!("there is no `{id}`")).to_owned()
    });
    assert!(layers.iter().enumerate().all(|(i, fill)| !layers[..i].contains(fill)), "{layers:?}");
}

/// An abort of a rolling update takes green out of traffic, and creates what is missing of the old revision.
#[test]
fn what_starts_of_the_old_revision_and_what_stands_by_of_the_new_one_have_layers_of_their_own() {
    let text = r#"{"title": "t", "target": 4, "old": [{"revision": "v1", "count": 2}], "start_seconds": 20,
        "deploying_revision": "v2", "give_up_seconds": 100, "events": [
            {"at_seconds": 34, "operator": "pause"},
            {"at_seconds": 35, "traffic": {"revision": "v2", "status": "standby", "ratio": 1.0}},
            {"at_seconds": 55, "operator": "abort"}]}"#;
    let run = run_with(&plugin(ROLLING_UPDATE), text, 0);

    let output = run.timeline(false);
    assert!(output.contains("◎ new, on standby") && output.contains("◇ old, starting"), "{output}");
    let svg = run.chart();
    let document = roxmltree::Document::parse(&svg).unwrap();
    for id in ["new-standby", "old-starting"] {
        let layer = document.descendants().find(|node| node.attribute("id") == Some(id));
        assert!(layer.is_some_and(|layer| layer.attribute("d").unwrap().starts_with('M')), "there is no `{id}`");
    }
}

/// The line of the capacity is not that of the target, nor that of how many serve.
#[test]
fn the_chart_draws_capacity_beside_the_counts() {
    let text = "title = \"t\"\ntarget = 2\nweight_steps = 0\n[[events]]\nat_seconds = 5\n\
        traffic = { routes = [\"r-1\"], ratio = 0.5 }\n";
    let svg = run(text).chart();

    let document = roxmltree::Document::parse(&svg).unwrap();
    let by_id = |id: &str| document.descendants().find(|node| node.attribute("id") == Some(id)).unwrap();
    // `M56.0 264.0H80.0L80.0 204.0H…`: the heights of the steps.
    let heights = |id: &str| {
        let path = by_id(id).attribute("d").unwrap().to_owned();
        let steps: Vec<f64> = path
            .split(['M', 'L'])
            .skip(1)
            .map(|step| step.split([' ', 'H']).nth(1).unwrap().parse().unwrap())
            .collect();
        steps
    };
    let (target, capacity) = (heights("target"), heights("capacity"));
    assert!((capacity[0] - target[0]).abs() < 0.01, "{capacity:?} {target:?}");
    let bottom = by_id("old-serving").attribute("d").unwrap().split([' ', 'V']).nth(1).unwrap().parse::<f64>().unwrap();
    // A route and a half of two.
    assert!(
        capacity.iter().any(|height| ((bottom - height) / (bottom - target[0]) - 0.75).abs() < 0.01),
        "{capacity:?}"
    );
    assert!(svg.contains(">serving capacity</text>"));
}

#[rstest]
#[case::waiting("approval-forgotten", "v2: waiting (awaiting-approval) after 6m")]
#[case::rolled_back("crash-loop", "v2: rolled back after 50s")]
#[case::replaced("replaced", "v2, then v3: completed after")]
#[case::way_back("way-back", "v2: rolled back after 1m 40s")]
fn the_chart_says_how_it_ended(#[case] name: &str, #[case] summary: &str) {
    let svg = run(&scenario(name)).chart();

    roxmltree::Document::parse(&svg).unwrap();
    assert!(svg.contains(summary), "{svg}");
}

/// The boxes of a chart's labels: left, top, width, height, and the text after each.
fn boxes(svg: &str) -> Vec<([f64; 4], String)> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let is_label = |node: &roxmltree::Node| node.attribute("class") == Some("label");
    let labels = document.descendants().filter(is_label);
    labels
        .map(|label| {
            let place = ["x", "y", "width", "height"].map(|key| label.attribute(key).unwrap().parse().unwrap());
            let text = label.next_sibling_element().unwrap();
            // The text is made to fit its box.
            assert_eq!(text.attribute("textLength"), label.attribute("width"));
            assert_eq!(text.attribute("x"), label.attribute("x"));
            (place, text.text().unwrap().to_owned())
        })
        .collect()
}

#[test]
fn labels_never_collide() {
    let mut text = "title = \"t\"\ntarget = 2\ngive_up_seconds = 900\nweight_steps = 0\n".to_owned();
    for i in 0..120 {
        let what = match i % 4 {
            0 => "unhealthy = \"v1\"".to_owned(),
            1 => "recover = \"v1\"".to_owned(),
            2 => format!("pass_gate = \"{}\"", "Wide Gate 準備 ".repeat(1 + i / 40)),
            _ => "traffic = { revision = \"v1\", ratio = 0.5 }".to_owned(),
        };
        text.push_str(&format!("[[events]]\nat_seconds = {}\n{what}\n", 5 + i * 7));
    }
    let run = run(&text);

    let boxes = boxes(&run.chart());
    assert!(boxes.len() > 30, "{}", boxes.len());
    for (i, ([x, y, width, height], text)) in boxes.iter().enumerate() {
        assert!(*x >= 0.0 && x + width <= 1000.0, "{text} is at {x}, {width} wide");
        for ([other_x, other_y, other_width, other_height], other) in &boxes[..i] {
            let is_apart = x + width <= *other_x
                || other_x + other_width <= *x
                || y + height <= *other_y
                || other_y + other_height <= *y;
            assert!(is_apart, "{text} stands on {other}");
        }
    }
    assert!(boxes.iter().any(|(_, text)| text.starts_with("and ") && text.ends_with(" more, which their lines tell")));
}

#[test]
fn shares_and_loads_are_drawn_where_weights_differ() {
    let text = "title = \"t\"\ntarget = 2\nweight_steps = 0\n[[events]]\nat_seconds = 5\n\
        traffic = { routes = [\"r-1\"], ratio = 0.25 }\n";
    let uneven = run(text);

    let svg = uneven.chart();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let of_class = |class: &str| document.descendants().filter(|node| node.attribute("class") == Some(class)).count();
    assert_eq!((of_class("share"), of_class("load")), (1, 2));
    assert!(svg.contains("<title>r-2: at most 1.60 of an even load</title>"), "{svg}");
    let load = "load  v1 has 100% of the traffic; load in even shares: 1.60 on r-2, 0.40 on r-1";
    let shown = uneven.timeline(false).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(shown.matches(&load.replace("  ", " ")).count(), 1, "{shown}");
    let document = uneven.document();
    let at = |seconds: f64| {
        let cycles = document["cycles"].as_array().unwrap();
        cycles.iter().find(|cycle| cycle["at_seconds"] == seconds).unwrap().clone()
    };
    assert_eq!((&at(5.0)["shares"]["v1"], &at(5.0)["loads"]["r-2"]), (&1.0.into(), &1.6.into()));
    assert!(at(0.0).get("loads").is_none());
    assert!(!run(&scenario("happy-path")).chart().contains(r#"id="traffic""#));
}
