/**
 * Files as Kubernetes volumes lay them out: stable reads and atomic writes of a set. Not exported.
 */
@NullMarked
package io.podtls.files;

import org.jspecify.annotations.NullMarked;
