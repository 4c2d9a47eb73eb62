/** One issuance in a warm process, beside others: how long it takes and what it costs. */
@NullMarked
package io.podtls.benchmarks.issuance;

import org.jspecify.annotations.NullMarked;
