/** Many pods at once: in virtual time against a simulated API server, and for real. */
@NullMarked
package io.podtls.benchmarks.fleet;

import org.jspecify.annotations.NullMarked;
