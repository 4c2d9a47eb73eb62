/** The running handle of an application's TLS: bootstrapped once, kept right until closed. */
@NullMarked
package io.podtls;

import org.jspecify.annotations.NullMarked;
