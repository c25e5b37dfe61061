import type { Check } from './check.js'
import { accessChecks } from './checks/access.js'
import { auditChecks } from './checks/audit.js'
import { decisionChecks } from './checks/decisions.js'
import { endChecks } from './checks/ends.js'
import { fieldChecks } from './checks/fields.js'
import { groupsOfChecks } from './checks/groups-of.js'
import { sharedIdChecks } from './checks/ids.js'
import { instanceChecks } from './checks/instances.js'
import { listingChecks } from './checks/listing.js'
import { memberPageChecks } from './checks/member-pages.js'
import { memberChecks } from './checks/members.js'
import { membershipChecks } from './checks/memberships.js'
import { outboxChecks } from './checks/outbox.js'
import { pendingChecks } from './checks/pending.js'
import { queryChecks } from './checks/queries.js'
import { refusalChecks } from './checks/refusals.js'
import { resolutionChecks } from './checks/resolution.js'
import { resourceChecks } from './checks/resources.js'
import { targetChecks } from './checks/target.js'
import { tenantChecks } from './checks/tenants.js'
import { tokenChecks } from './checks/tokens.js'
import { workspaceChecks } from './checks/workspaces.js'

/** Every requirement on adapters. */
export const checks: readonly Check[] = [
  ...resourceChecks,
  ...sharedIdChecks,
  ...queryChecks,
  ...fieldChecks,
  ...listingChecks,
  ...tenantChecks,
  ...memberChecks,
  ...memberPageChecks,
  ...membershipChecks,
  ...groupsOfChecks,
  ...outboxChecks,
  ...accessChecks,
  ...resolutionChecks,
  ...pendingChecks,
  ...auditChecks,
  ...workspaceChecks,
  ...refusalChecks,
  ...tokenChecks,
  ...endChecks,
  ...targetChecks,
  ...decisionChecks,
  ...instanceChecks,
]
