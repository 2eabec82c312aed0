/** What the doctor looks at in one go, and why. */
export interface CheckSpec {
  /** What is looked at, for docs/doctor.md. */
  readonly about: string;
  /** What goes wrong where it is not as it should be. Shown with every warning and problem. */
  readonly why: string;
  /** It writes to the bucket, so it is made only where that was asked for. */
  readonly writes?: true;
}
