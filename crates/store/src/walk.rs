//! Every record of a store, by the known depth of each root, so that no folder is listed in vain.
use crate::{Error, MAX_LIST, Store};

/// Folders at the root of a store, and how many segments the paths of the records in each have besides.
pub type Tree = [(&'static str, usize)];

/// Goes through all paths. It remembers one listed page of each level and no more.
#[derive(Debug)]
pub struct Walk {
    levels: Vec<Level>,
    roots: std::slice::Iter<'static, (&'static str, usize)>,
}

/// One folder that is being read.
#[derive(Debug)]
struct Level {
    folder: String,
    /// Segments below it.
    depth: usize,
    /// The names of a page, last first.
    names: Vec<String>,
    /// The last name of the page, behind which the next begins; none at the end.
    next: Option<String>,
}

impl Walk {
    /// Begins before the first record below the roots.
    pub fn new(tree: &'static Tree) -> Self {
        Self { levels: Vec::new(), roots: tree.iter() }
    }

    /// The next paths, up to `limit`; none at the end.
    ///
    /// # Errors
    /// The store fails.
    pub async fn next(&mut self, store: &dyn Store, limit: usize) -> Result<Vec<String>, Error> {
        let mut paths = Vec::new();
        while paths.len() < limit {
            let Some(level) = self.levels.last_mut() else {
                let Some((root, depth)) = self.roots.next() else { break };
                self.levels.push(Level::open(store, (*root).to_owned(), *depth, None).await?);
                continue;
            };
            let Some(name) = level.names.pop() else {
                let (folder, depth, next) = (level.folder.clone(), level.depth, level.next.take());
                self.levels.pop();
                if next.is_some() {
                    self.levels.push(Level::open(store, folder, depth, next).await?);
                }
                continue;
            };
            let path = format!("{}/{name}", level.folder);
            if level.depth == 1 {
                paths.push(path);
            } else {
                let depth = level.depth - 1;
                self.levels.push(Level::open(store, path, depth, None).await?);
            }
        }
        Ok(paths)
    }
}

impl Level {
    async fn open(
        store: &dyn Store,
        folder: String,
        depth: usize,
        after: Option<String>,
    ) -> Result<Self, Error> {
        let mut names = store.list(&folder, after.as_deref(), MAX_LIST).await?;
        let next = if names.len() == MAX_LIST { names.last().cloned() } else { None };
        names.reverse();
        Ok(Self { folder, depth, names, next })
    }
}

/// How many records there are.
///
/// # Errors
/// The store fails.
pub async fn count(store: &dyn Store, tree: &'static Tree) -> Result<u64, Error> {
    let (mut walk, mut total) = (Walk::new(tree), 0);
    loop {
        let paths = walk.next(store, MAX_LIST).await?;
        if paths.is_empty() {
            return Ok(total);
        }
        total += paths.len() as u64;
    }
}
