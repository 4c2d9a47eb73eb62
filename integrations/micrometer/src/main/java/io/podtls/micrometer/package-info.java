/** Micrometer's meters of a handle. */
@NullMarked
package io.podtls.micrometer;

import org.jspecify.annotations.NullMarked;
