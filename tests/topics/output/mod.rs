//! What leaves the program: standard output, standard error and files, whatever
//! the names and texts of the data are, and whether or not there is room for it.

mod commands;
mod hostile;
mod log;
mod refused;
mod world;
