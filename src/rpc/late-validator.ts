// protovalidate, loaded by the first who needs it: with its CEL it is as much code as the rest of this room, and none of
// it takes part in getting ready.
import type { DescMessage, Message } from '@bufbuild/protobuf';
import type { Validator, ValidatorOptions, Violation } from '@bufbuild/protovalidate';

export interface LateValidator {
  /** Undefined where it is loaded, and else what resolves when it is. */
  load(): Promise<void> | undefined;
  /**
   * The rules that the message breaks, once it is loaded.
   *
   * @throws Error for a rule that cannot be evaluated, which is the server's fault, never the caller's
   */
  violationsOf(schema: DescMessage, message: Message): readonly Violation[];
}

export function createLateValidator(options: ValidatorOptions): LateValidator {
  let validator: Validator | undefined;
  let loading: Promise<void> | undefined;

  async function open(): Promise<void> {
    const { createValidator } = await import('@bufbuild/protovalidate');
    validator = createValidator(options);
  }

  return {
    load: () => {
      if (validator !== undefined) return undefined;
      loading ??= open();
      return loading;
    },
    violationsOf: (schema, message) => {
      if (validator === undefined) throw new Error('the validator is not loaded');
      const result = validator.validate(schema, message);
      if (result.kind === 'error') throw result.error;
      return result.violations ?? [];
    },
  };
}
