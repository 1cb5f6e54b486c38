//! One named difference between two templates, as it travels on the wire and is printed. Knows no SQL statement.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A difference between two templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Whether something comes, goes or becomes different.
    pub op: ChangeOp,
    /// What it is.
    pub kind: ChangeKind,
    /// The table concerned, by its new name.
    pub table: String,
    /// The column, index or columns concerned; the table's name where it is the table itself.
    pub name: String,
    /// The line a person reads, such as `+ tasks.assigned_to (TEXT)`.
    pub summary: String,
    /// Whether data can be lost.
    pub destructive: bool,
}

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeOp {
    /// Something comes.
    Add,
    /// Something goes.
    Drop,
    /// Something becomes different.
    Change,
}

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says it, and the format's page describes them")]
pub enum ChangeKind {
    AddTable,
    DropTable,
    RenameTable,
    AddColumn,
    DropColumn,
    RenameColumn,
    ChangeType,
    ChangeNotNull,
    ChangeDefault,
    ChangeReferences,
    ChangeCheck,
    ChangeCollate,
    ChangeGenerated,
    ChangeEnum,
    ChangePrimaryKey,
    ChangeAutoIncrement,
    AddUnique,
    DropUnique,
    AddIndex,
    DropIndex,
    AddCheck,
    DropCheck,
    AddFts,
    DropFts,
    ChangeFts,
    AddPolicies,
    DropPolicies,
    ChangePolicies,
}

impl ChangeKind {
    /// Whether something comes, goes or becomes different.
    #[must_use]
    pub fn op(self) -> ChangeOp {
        match self {
            Self::AddTable
            | Self::AddColumn
            | Self::AddUnique
            | Self::AddIndex
            | Self::AddCheck
            | Self::AddFts
            | Self::AddPolicies => ChangeOp::Add,
            Self::DropTable
            | Self::DropColumn
            | Self::DropUnique
            | Self::DropIndex
            | Self::DropCheck
            | Self::DropFts
            | Self::DropPolicies => ChangeOp::Drop,
            _ => ChangeOp::Change,
        }
    }
}

impl Change {
    /// A change whose summary is its sign and `what`. Dropped tables and columns lose data; the other losses are the caller's.
    pub(crate) fn new(kind: ChangeKind, table: &str, name: &str, what: impl fmt::Display) -> Self {
        let op = kind.op();
        let sign = match op {
            ChangeOp::Add => '+',
            ChangeOp::Drop => '-',
            ChangeOp::Change => '~',
        };
        Self {
            op,
            kind,
            table: table.to_owned(),
            name: name.to_owned(),
            summary: format!("{sign} {what}"),
            destructive: matches!(kind, ChangeKind::DropTable | ChangeKind::DropColumn),
        }
    }

    /// The same change, saying whether data can be lost.
    pub(crate) fn losing(self, destructive: bool) -> Self {
        Self { destructive, ..self }
    }

    /// Where the change is, as errors name it: `tasks` or `tasks.assigned_to`.
    #[must_use]
    pub fn path(&self) -> String {
        match self.kind {
            ChangeKind::AddTable | ChangeKind::DropTable | ChangeKind::RenameTable => self.table.clone(),
            _ => format!("{}.{}", self.table, self.name),
        }
    }
}
