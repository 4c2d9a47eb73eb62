/** How long it takes from an empty JVM to TLS, as whole processes side by side. */
@NullMarked
package io.podtls.benchmarks.coldstart;

import org.jspecify.annotations.NullMarked;
