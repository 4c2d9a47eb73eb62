/** When to renew. */
@NullMarked
package io.podtls.renewal;

import org.jspecify.annotations.NullMarked;
