import { isDeepStrictEqual } from 'node:util'
import { isMassLoss, noteRolesByRule } from '../../access/index.js'
import { auditEntry } from '../../events/audit-entry.js'
import type { AuditEntry } from '../../events/catalogue.js'
import {
  affectedGroups,
  groupKey,
  type MappingRules,
  parseRules,
  RulesError,
} from '../../mapping/index.js'
import type { VersionedRules } from '../../stores/access-store.js'
import { storeErrorKind } from '../../stores/errors.js'
import { peopleBelow } from '../../stores/people-below.js'
import type { Scope } from '../../stores/scope.js'
import { numberText } from '../numbers.js'
import type { SettingsContext } from '../options.js'
import { type Preview, previewRules } from '../reports/preview.js'
import { describeChange } from './difference.js'
import { groupsCalled } from './groups.js'
import { checkNames } from './names.js'
import { makeNamedWorkspaces } from './own-workspaces.js'

/** Someone saved other rules since the editor loaded this version. Nothing was overwritten. */
export class RulesConflict extends Error {
  override readonly name = 'RulesConflict'
  /** The rules that are saved now. */
  readonly current: VersionedRules

  constructor(current: VersionedRules) {
    super('Other rules were saved in the meantime. Nothing was overwritten.')
    this.current = current
  }
}

/** Saving would take access from many people and was not confirmed. Nothing was saved. */
export class MassLossError extends Error {
  override readonly name = 'MassLossError'
  readonly preview: Preview

  constructor(preview: Preview) {
    const { losingAccess, lossShare } = preview
    super(
      `${numberText(losingAccess)} people, ${Math.round(lossShare * 100)}% of those who ` +
        'have access, would lose it. Nothing was saved. Add "?confirmLoss=true" if this is meant.',
    )
    this.preview = preview
  }
}

/**
 * Refuses rules that would take access from many people.
 *
 * @throws MassLossError
 */
export async function refuseMassLoss(
  context: SettingsContext,
  scope: Scope,
  input: unknown,
): Promise<void> {
  const current = await context.adapters.access.rules(scope)
  const after = await readDraft(context, scope, { input, current })
  const preview = await previewRules(context, scope, { before: current.rules, after })
  const { losingAccess, peopleWithAccess } = preview
  const limits = { share: context.massLossShare, least: context.massLossLeast }
  if (isMassLoss(losingAccess, peopleWithAccess, limits)) throw new MassLossError(preview)
}

interface DraftInput {
  readonly input: unknown
  readonly current: VersionedRules
}

/**
 * Reads rules from an administrator without saving them.
 *
 * @throws RulesError naming every invalid row
 */
export async function readDraft(
  context: SettingsContext,
  scope: Scope,
  { input, current }: DraftInput,
): Promise<MappingRules> {
  const rules = parseRules(input, context.policy, current.rules)
  refuseSeatTypes(input)
  await checkNames(context, scope, { before: current.rules, after: rules })
  return rules
}

/**
 * Saves rules and marks exactly the people whom the change concerns.
 *
 * @param draft.expectedVersion the version the editor loaded; default: the saved version
 * @throws RulesError naming every invalid row; nothing is saved then
 * @throws RulesConflict if other rules were saved since, even at this very moment
 */
export async function saveDraft(
  context: SettingsContext,
  scope: Scope,
  draft: { readonly input: unknown; readonly expectedVersion?: string },
): Promise<VersionedRules> {
  const { access } = context.adapters
  const current = await access.rules(scope)
  const { input, expectedVersion = current.version } = draft
  if (expectedVersion !== current.version) throw new RulesConflict(current)
  const rules = await readDraft(context, scope, { input, current })
  if (isDeepStrictEqual(rules, current.rules)) return current
  const affects = affectedGroups(current.rules, rules, context.policy)
  await makeNamedWorkspaces(context, scope, rules)
  await noteRolesTaken(context, scope, current.rules, affects)
  const event = savedEvent(context, scope, current.rules, rules)
  const saved = await access
    .saveRules(scope, rules, { expectedVersion, affects, audit: [event] })
    .catch(async (error: unknown): Promise<never> => {
      if (storeErrorKind(error) !== 'versionMismatch') throw error
      throw new RulesConflict(await access.rules(scope))
    })
  context.emit(event)
  context.reconciler?.wake()
  return saved
}

/** Records who has a role by the rules that are about to change. */
async function noteRolesTaken(
  context: SettingsContext,
  scope: Scope,
  before: MappingRules,
  affected: readonly string[],
): Promise<void> {
  const withRole = new Set(before.roles_groups.map(([, group]) => groupKey(group, context.policy)))
  const names = affected.filter((name) => withRole.has(name))
  const groups = await groupsCalled(context, scope, names)
  for (const { id } of groups) {
    const people = await peopleBelow(context.adapters, scope, [id])
    await noteRolesByRule(context.adapters, scope, people)
  }
}

/** Refuses seat types, which Label Studio can also map: ignoring them silently would be worse. */
function refuseSeatTypes(input: unknown): void {
  const given = (input as { user_type_groups?: unknown } | null)?.user_type_groups
  const isEmpty = given === undefined || given === null || (Array.isArray(given) && !given.length)
  if (isEmpty) return
  throw new RulesError([
    { row: 'user_type_groups', message: 'Seat types cannot be mapped here; leave the list empty.' },
  ])
}

/** The log entry about saved rules. */
export function savedEvent(
  { clock }: SettingsContext,
  scope: Scope,
  before: MappingRules,
  after: MappingRules,
): AuditEntry {
  return auditEntry(scope, clock(), {
    event: 'rules.saved',
    detail: describeChange(before, after),
  })
}
