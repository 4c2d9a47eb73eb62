/** What can go wrong, one type per kind of failure, each with its data. */
@NullMarked
package io.podtls.failure;

import org.jspecify.annotations.NullMarked;
