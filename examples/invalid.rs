fn main() {
    for line in std::fs::read_to_string("/tmp/invalid.list").unwrap().lines() {
        match spantop::query::parse(line) {
            Ok(p) => println!("OK!! {line}   => {}\n", p.query),
            Err(ps) => {
                let p = &ps.0[0];
                let r = p.at.range();
                let col = line.get(..r.start.min(line.len())).unwrap().chars().count();
                let w = line.get(r).unwrap_or_default().chars().count().max(1);
                println!(
                    "{line}\n{}{}\n{}{}\n",
                    " ".repeat(col),
                    "^".repeat(w),
                    p.message,
                    p.hint.as_ref().map_or(String::new(), |h| format!("\n? {h}"))
                );
            }
        }
    }
}
