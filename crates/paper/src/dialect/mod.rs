//! How a venue shows the simulation: one folder for each venue's API. A dialect
//! knows routes, wire shapes and words; what happens is the simulation's.

pub(crate) mod crosstrade;
