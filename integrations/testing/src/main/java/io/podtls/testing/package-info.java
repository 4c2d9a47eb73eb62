/** Tests of TLS without a cluster: an authority in memory, a clock, volumes, and a contract. */
@NullMarked
package io.podtls.testing;

import org.jspecify.annotations.NullMarked;
