/**
 * What every benchmark on the real control plane needs: pods with rights, an approver that never
 * hesitates, and the audit log's times.
 */
@NullMarked
package io.podtls.benchmarks.cluster;

import org.jspecify.annotations.NullMarked;
