/**
 * What keeps a running handle right: the coordinator, the trust it follows, expiry, and the files
 * it publishes.
 */
@NullMarked
package io.podtls.engine;

import org.jspecify.annotations.NullMarked;
