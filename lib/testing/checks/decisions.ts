import { onSignIn } from '../../access/index.js'
import { statusLookUp } from '../../gate/decide.js'
import { settingsContext } from '../../settings/options.js'
import { saveDraft } from '../../settings/rules/save.js'
import type { Adapters, Scope } from '../../stores/index.js'
import { expectEqual, expectThat } from '../assert.js'
import { always, type Check, type CheckContext } from '../check.js'
import { createGroup, createUser } from '../subject.js'
import { fanOutAll, pendingIds } from './work.js'

/** The gate, sign-in and settings also use these stores, as far as the stores declare support. */
export const decisionChecks: readonly Check[] = [
  {
    id: 'gate',
    level: 'MUST',
    section: 'accessGate; ResourceStore.query, ResourceStore.find',
    title: 'lets the access gate find people by address, in any case',
    appliesTo: always,
    async run(context) {
      const { adapters, scope } = context
      const lookUp = statusLookUp(adapters)
      const standing = async (email: string) => (await lookUp(scope, identity(email))).standing
      const { active, inactive } = await twoPeople(context)
      expectEqual(await standing(active.toUpperCase()), 'active', 'somebody active')
      expectEqual(await standing(inactive), 'deprovisioned', 'somebody deactivated')
      expectEqual(await standing('nobody@example.com'), 'unknown', 'a stranger')
    },
  },
  {
    id: 'signIn',
    level: 'MUST',
    section: 'onSignIn; ResourceStore.query, ResourceStore.find',
    title: 'lets a sign-in find people by address, in any case',
    appliesTo: always,
    async run(context) {
      const { active, inactive } = await twoPeople(context)
      const decide = (email: string) => onSignIn(context.adapters, context.scope, email)
      expectEqual((await decide(active.toUpperCase())).reason, 'active', 'somebody active')
      expectEqual((await decide(inactive)).reason, 'deprovisioned', 'somebody deactivated')
      expectEqual((await decide('nobody@example.com')).reason, 'unknown', 'a stranger')
    },
  },
  {
    id: 'settings.rules',
    level: 'MUST',
    section: 'settingsRouter; AccessStore.saveRules, GroupStore.query',
    title: 'marks the people of a group when a rule for it is saved, and nobody else',
    appliesTo: ({ access }) => access !== undefined,
    async run(context) {
      const [member, other] = [await createUser(context), await createUser(context)]
      await createGroup(context, [member.id], { displayName: 'Annotators' })
      await createGroup(context, [other.id], { displayName: 'Others' })
      const { adapters, scope } = context
      await saveRules(adapters, scope, [['Annotator', 'Annotators']])
      await fanOutAll(context)
      const pending = await pendingIds(context)
      expectThat(pending.includes(member.id), 'A member of the group must be pending')
      expectEqual(pending, [member.id], 'who is pending')
      await saveRules(adapters, scope, [])
      const record = await adapters.access?.getRecord(scope, member.id)
      expectEqual(record?.hadRole, true, '"hadRole" once the rule is gone')
    },
  },
]

function identity(email: string) {
  return { email } as Parameters<ReturnType<typeof statusLookUp>>[1]
}

async function twoPeople(context: CheckContext) {
  const [active, inactive] = ['active.person@example.com', 'inactive.person@example.com'] as const
  const emails = (value: string) => [{ value, type: 'work', primary: true }]
  await createUser(context, { emails: emails(active) })
  await createUser(context, { emails: emails(inactive), active: false })
  return { active, inactive }
}

async function saveRules(
  adapters: Adapters,
  scope: Scope,
  rules: readonly (readonly string[])[],
): Promise<void> {
  const authorize = () => ({ tenant: scope.tenant, actor: scope.actor })
  const context = settingsContext(adapters, { authorize }, (error) => {
    throw error
  })
  await saveDraft(context, scope, { input: { roles_groups: rules } })
}
