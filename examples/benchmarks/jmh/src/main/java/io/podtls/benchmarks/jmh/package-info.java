/** What podtls computes in a warm JVM, beside others. */
package io.podtls.benchmarks.jmh;
