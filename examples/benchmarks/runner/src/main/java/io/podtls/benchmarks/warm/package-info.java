/** What JMH measured, as tables and plots. */
@NullMarked
package io.podtls.benchmarks.warm;

import org.jspecify.annotations.NullMarked;
