/** TLS for Netty and for what is built on it. */
@NullMarked
package io.podtls.netty;

import org.jspecify.annotations.NullMarked;
