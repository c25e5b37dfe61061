/** Group mapping in Label Studio's words and shape. Plain data. */

/** Organization roles a rule can give, most elevated first. Owner can never be given. */
export type OrganizationRole =
  | 'Administrator'
  | 'Manager'
  | 'Reviewer'
  | 'Annotator'
  | 'Not Activated'
  | 'Deactivated'

/**
 * Project roles a rule can give. `Inherit`: a member of the project acting with the organization
 * role.
 */
export type ProjectRole = 'Reviewer' | 'Annotator' | 'Inherit'

/** The mapping rules, shaped exactly as Label Studio's `/api/scim/settings`. */
export interface MappingRules {
  /** `[role, group]` */
  readonly roles_groups: readonly (readonly [OrganizationRole, string])[]
  /** `[workspace title, group]` */
  readonly workspaces_groups: readonly (readonly [string, string])[]
  readonly projects_groups: readonly {
    readonly project_id: number
    readonly group: string
    readonly role: ProjectRole
  }[]
}

/** What happens to the organization role of somebody whom no rule gives one. */
export type OnNoRole = 'deactivate' | 'keep' | 'default' | 'notActivated'

/** How rules are read. */
export interface MappingPolicy {
  /** For people who had a role through a rule and have none now. Default `deactivate`. */
  readonly onNoRole: OnNoRole
  /**
   * The role for people no rule ever gave one, and for `onNoRole: 'default'`. `null`: leave the
   * host's default. Default `null`.
   */
  readonly defaultRole: OrganizationRole | null
  /**
   * Group names match without regard to case and surrounding space. Default `false`: exactly, as in
   * Label Studio.
   */
  readonly ignoreCase: boolean
  /** Allow `Not Activated` and `Deactivated` in `roles_groups`. Default `false`. */
  readonly allowSystemRoles: boolean
  /**
   * `[role, value]`: people with this value in their `roles` or `entitlements` have this
   * organization role, beside what their groups give; the most elevated wins. Values match exactly.
   * Default none: what clients write there gives nothing.
   */
  readonly roles_users?: readonly (readonly [OrganizationRole, string])[]
}

/** One thing that rules give. */
export type Grant = {
  readonly [Kind in keyof Grants]: { readonly kind: Kind } & Grants[Kind] & Ledgered
}[keyof Grants]

interface Grants {
  readonly role: { readonly role: OrganizationRole }
  readonly workspace: {
    readonly title: string
    /** In a ledger: which workspace had the title when the membership was given. */
    readonly workspaceId?: number
  }
  readonly project: {
    readonly projectId: number
    readonly role: ProjectRole
    /** In a ledger: the person was a member by hand, only the role is ours to revoke. */
    readonly onlyRole?: true
  }
}

/** What only a ledger says of a grant. */
interface Ledgered {
  /**
   * Noted before it is given, so that it stays ours should the process end in the middle; plans
   * give it again.
   */
  readonly unconfirmed?: true
}

/**
 * Why: the group through which a rule gives something. `rule` is `<list name>[<index>]`, e.g.
 * `roles_groups[0]`.
 */
export interface Reason {
  readonly grant: Grant
  /**
   * Empty where no group but a value of the person's `roles` or `entitlements` gives it
   * (`roles_users`).
   */
  readonly groupId: string
  /** Name of the group, or that value. */
  readonly group: string
  readonly rule: string
  /** A more elevated rule won: this one has no effect. */
  readonly outranked: boolean
}

/** The access a person should have. */
export interface Access {
  /** `false`: no access at all. */
  readonly active: boolean
  /** `null`: leave the organization role as it is. */
  readonly role: OrganizationRole | null
  /** Workspace titles, sorted. */
  readonly workspaces: readonly string[]
  /** Sorted by project; a project once. */
  readonly projects: readonly { readonly projectId: number; readonly role: ProjectRole }[]
  readonly reasons: readonly Reason[]
}

/**
 * From what was granted before to what is desired now. Revocations only ever name what the ledger
 * granted.
 */
export interface Plan {
  /** To give, or to change: a grant of the same role slot or project supersedes the one before. */
  readonly grants: readonly Grant[]
  readonly revocations: readonly Grant[]
  /** Recorded only, until the person first signs in (the organization role is Not Activated). */
  readonly deferred: readonly Grant[]
}

/** What `applyAccess` reached. */
export interface AppliedAccess {
  /** Grants that are in force because we gave them: the new ledger. */
  readonly applied: readonly Grant[]
  /** Grants recorded for later: the person has not signed in yet (Not Activated). */
  readonly deferred?: readonly Grant[]
  /** Sentences for administrators, e.g. that an edition cannot enforce project roles. */
  readonly notes?: readonly string[]
  /** The host's account of this person, when it has one. */
  readonly account?: AccountReference
}

/** The host's own account behind a SCIM user. */
export interface AccountReference {
  /** The host's id, as text. Never derived from anything a client sends. */
  readonly id: string
  /** Lower-cased e-mail of the account when it was last seen. */
  readonly email?: string
  /** How the account and the user came together. */
  readonly origin: 'created' | 'adopted' | 'imported'
  /** The host lets nobody change this account from outside: a superuser. */
  readonly isProtected?: true
}
