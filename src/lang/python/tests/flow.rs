//! What names are bound to, and what stands under which condition.

use super::*;
