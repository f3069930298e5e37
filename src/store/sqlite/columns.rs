//! Rows whose fields are columns of the same names.
//!
//! sqlx's own derive does the same, but it is made of sqlx and SQLite, which are
//! then built a second time, for the compiler: minutes of a first build.

/// Defines the struct, and how it is read out of a row.
macro_rules! columns {
    (
        $(#[$about:meta])*
        $seen:vis struct $name:ident {
            $($(#[$about_field:meta])* $field_seen:vis $field:ident: $type:ty,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Debug)]
        $seen struct $name {
            $($(#[$about_field])* $field_seen $field: $type,)+
        }

        impl sqlx::FromRow<'_, sqlx::sqlite::SqliteRow> for $name {
            fn from_row(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<$name> {
                Ok($name {
                    $($field: sqlx::Row::try_get(row, stringify!($field))?,)+
                })
            }
        }
    };
}

pub(super) use columns;
