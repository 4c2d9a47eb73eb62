/** Figures on paper: series of measured values, tables, plots and the machine they come from. */
@NullMarked
package io.podtls.benchmarks.report;

import org.jspecify.annotations.NullMarked;
