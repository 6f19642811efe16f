// Short names for the shapes the server sends and takes. All come from the generated schema.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Session = Schemas["Session"];
export type Organisation = Schemas["SessionOrganisation"];
export type Project = Schemas["SessionProject"];
export type Role = Organisation["role"];
export type ProfileChange = Schemas["ProfileChange"];
export type Member = Schemas["Member"];
export type MemberInvitation = Schemas["MemberInvitation"];
export type InvitedMember = Schemas["InvitedMember"];
export type Key = Schemas["Key"];
export type CreatedKey = Schemas["CreatedKey"];
export type Credential = Schemas["Credential"];
export type NewCredential = Schemas["NewCredential"];
export type CredentialChange = Schemas["CredentialChange"];
export type CredentialCheck = Schemas["CredentialCheck"];
export type Vendor = Credential["vendor"];
export type Model = Schemas["Model"];
export type Deployment = Schemas["Deployment"];
export type ModelInput = Schemas["ModelInput"];
export type DeploymentInput = Schemas["DeploymentInput"];
export type FirstCall = Schemas["FirstCall"];
export type TraceRow = Schemas["TraceRow"];
export type Trace = Schemas["Trace"];
export type Span = Schemas["Span"];
export type Summary = Schemas["TraceSummary"];
export type Chart = Schemas["TraceChart"];
export type Facets = Schemas["TraceFacets"];
