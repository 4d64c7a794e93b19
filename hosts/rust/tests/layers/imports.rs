//! Imports of a source file, found without a parser: by `use`, and by paths that begin with `crate` or `super`.

/// Modules, and the modules inside each from the lowest to the highest.
pub(crate) type Order = &'static [(&'static str, &'static [&'static str])];

/// The imports of a module that are not from one that stands before it.
pub(crate) fn violations(order: Order, module: &str, source: &str) -> Vec<String> {
    let is_wrong = |path: &String| !is_downwards(order, module, path);
    let told = |path| format!("{module} imports {path}, which does not stand before it");
    paths(&code(source)).into_iter().filter(is_wrong).map(told).collect()
}

/// The source without its comments and its tests.
fn code(source: &str) -> String {
    let end = source.find("#[cfg(test)]\nmod tests").unwrap_or(source.len());
    let lines = source[..end].lines().map(|line| line.find("//").map_or(line, |comment| &line[..comment]));
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths in some code that begin with `crate` or `super`, those of a `use` with braces one by one.
fn paths(code: &str) -> Vec<String> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let (mut found, mut rest) = (vec![], code);
    while let Some(start) = ["crate::", "super::"].iter().filter_map(|root| rest.find(root)).min() {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_path(c)).unwrap_or(from.len());
        let (path, after) = from.split_at(end);
        rest = after;
        if before.ends_with(is_path) || before.ends_with("pub(in ") {
            continue;
        }
        if let Some(group) = after.strip_prefix('{') {
            let group = &group[..length_of_group(group)];
            found.extend(members(group).into_iter().map(|member| format!("{path}{member}")));
        } else {
            found.push(path.to_owned());
        }
    }
    found.iter().map(|path| path.trim_end_matches("::self").to_owned()).collect()
}

/// Bytes up to the brace that closes a group.
fn length_of_group(group: &str) -> usize {
    let mut depth = 1;
    let closes = |(_, c): &(usize, char)| {
        depth += i32::from(*c == '{') - i32::from(*c == '}');
        depth == 0
    };
    group.char_indices().find(closes).map_or(group.len(), |(at, _)| at)
}

/// The paths in a group, groups inside it included.
fn members(group: &str) -> Vec<String> {
    let (mut found, mut start, mut depth) = (vec![], 0, 0);
    for (at, c) in group.char_indices().chain([(group.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let member = group[start..at].trim();
                match member.split_once('{') {
                    Some((path, inner)) => {
                        let inner = members(inner.trim_end_matches('}'));
                        found.extend(inner.into_iter().map(|member| format!("{path}{member}")));
                    }
                    None if !member.is_empty() => {
                        found.push(member.split(" as ").next().unwrap_or(member).to_owned());
                    }
                    None => {}
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

/// Whether a path leads to the module itself, into it, or to one that stands before it or before the one it is in.
fn is_downwards(order: Order, module: &str, path: &str) -> bool {
    let here: Vec<&str> = module.split("::").collect();
    let mut to: Vec<&str> = vec![];
    for (i, segment) in path.split("::").enumerate() {
        match segment {
            "crate" => {}
            "super" if i == 0 => to = here[..here.len() - 1].to_vec(),
            "super" => drop(to.pop()),
            _ => to.push(segment),
        }
    }
    let shared = here.iter().zip(&to).take_while(|(here, to)| here == to).count();
    if shared == here.len() {
        return true;
    }
    let parent = here[..shared].join("::");
    let place = |name: Option<&&str>| {
        let (_, children) = order.iter().find(|(module, _)| *module == parent)?;
        children.iter().position(|child| Some(&child) == name.as_ref())
    };
    matches!((place(to.get(shared)), place(here.get(shared))), (Some(to), Some(here)) if to < here)
}
