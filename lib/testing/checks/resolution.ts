import { defaultPolicy, personState, resolveAccess } from '../../mapping/index.js'
import type { Access, MappingRules } from '../../mapping/types.js'
import { emptyRecord, type Group, type User } from '../../stores/index.js'
import { expectEqual } from '../assert.js'
import type { Check, CheckContext } from '../check.js'
import { changed, createGroup, createUser, subjectNamed } from '../subject.js'
import { removeMember, withDeltas } from './members.js'
import { replace } from './store.js'
import { accessOf } from './work.js'

/** What decides about a person. */
interface Facts {
  readonly rules: MappingRules
  readonly groups: readonly Group[]
  readonly hadRole: boolean
}

const rules: MappingRules = {
  roles_groups: [['Reviewer', 'Leads']],
  workspaces_groups: [['Photos', 'Team']],
  projects_groups: [{ project_id: 7, group: 'Leads', role: 'Inherit' }],
}

/** The access that people have once their groups, rules or record have changed. */
export const resolutionChecks: readonly Check[] = [
  {
    id: 'access.resolve.role',
    title: 'resolves who lost the last role by `onNoRole`, if and only if the record has `hadRole`',
    async run(context: CheckContext) {
      const { scope, otherScope } = context
      const access = accessOf(context)
      const [lost, never] = [await createUser(context), await createUser(context)]
      const team = await createGroup(context, [lost.id, never.id], { displayName: 'Team' })
      const leads = await createGroup(context, [lost.id], { displayName: 'Leads' })
      await saveRules(context, rules)
      const account = { id: 'account', origin: 'created' } as const
      const record = { ...emptyRecord(lost.id, new Date()), account }
      await access.saveRecord(scope, { ...record, hadRole: true })
      await access.saveRecord(otherScope, { ...emptyRecord(never.id, new Date()), hadRole: true })
      const before = { rules, groups: [team, leads], hadRole: true }
      await expectAccess(context, lost, before, 'of somebody with a role')
      await removeMember(context, leads, lost.id)
      const facts = { rules, groups: [team], hadRole: true }
      await expectAccess(context, lost, facts, 'of somebody who lost the last role')
      const other = { ...facts, hadRole: false }
      await expectAccess(context, never, other, 'of somebody who never had a role')
      const person = await context.adapters.groups.personByAccount?.(scope, account.id)
      if (person)
        expectEqual(told(person.access), told(wantedOf(context, lost, facts)), 'by account')
    },
  },
  {
    id: 'access.resolve.renamed',
    title: 'resolves access by the name that a group has now, also if it had another one before',
    async run(context: CheckContext) {
      const user = await createUser(context)
      const group = await createGroup(context, [user.id], { displayName: 'Leads' })
      await saveRules(context, rules)
      const expectNow = (now: Group) =>
        expectAccess(
          context,
          user,
          { rules, groups: [now], hadRole: false },
          `in a group named ${now.displayName}`,
        )
      await expectNow(group)
      const other = await rename(context, group, 'Somebody else')
      await expectNow(other)
      const team = await rename(context, other, 'Team')
      await expectNow(team)
      await expectNow(await rename(context, team, 'Leads'))
    },
  },
  {
    id: 'access.resolve.rules',
    title: 'resolves access by the rules that are saved now, also if it did by others before',
    async run(context: CheckContext) {
      const user = await createUser(context)
      const groups = [await createGroup(context, [user.id], { displayName: 'Leads' })]
      const none = { roles_groups: [], workspaces_groups: [], projects_groups: [] }
      const others: MappingRules = { ...none, workspaces_groups: [['Films', 'Leads']] }
      for (const now of [rules, others, none, rules]) {
        await saveRules(context, now)
        const facts = { rules: now, groups, hadRole: false }
        await expectAccess(context, user, facts, `by ${JSON.stringify(now)}`)
      }
    },
  },
].map((check) => ({
  ...check,
  level: 'MUST',
  section: 'GroupStore.resolveAccess',
  appliesTo: ({ access }) => access !== undefined,
}))

/** Renames a group and returns it as it is then. */
export async function rename(
  context: CheckContext,
  group: Group,
  displayName: string,
): Promise<Group> {
  const next = changed(group, {
    displayName,
    ...(withDeltas(context.adapters) && { members: undefined }),
  })
  await replace(context, subjectNamed('groups'), next, group)
  return { ...next, members: group.members } as Group
}

async function saveRules(context: CheckContext, next: MappingRules): Promise<void> {
  const access = accessOf(context)
  const { version: expectedVersion } = await access.rules(context.scope)
  await access.saveRules(context.scope, next, { expectedVersion, affects: [] })
}

/** Compares what a store resolves with what the library does, by each way to ask. */
async function expectAccess(
  context: CheckContext,
  user: User,
  facts: Facts,
  what: string,
): Promise<void> {
  const { adapters, scope } = context
  const wanted = told(wantedOf(context, user, facts))
  expectEqual(told(await adapters.groups.resolveAccess(scope, user)), wanted, `access ${what}`)
  const several = await adapters.groups.resolveAccessOf?.(scope, [user])
  if (several) expectEqual(several.map(told), [wanted], `access ${what}, as one of several`)
}

function wantedOf({ adapters }: CheckContext, user: User, facts: Facts): Access {
  const policy = adapters.policy ?? defaultPolicy
  return resolveAccess(facts.rules, facts.groups, policy, personState(user, facts.hadRole))
}

function told(access: Access | undefined) {
  const { active, role, workspaces, projects } = access ?? {}
  return { active, role, workspaces, projects }
}
