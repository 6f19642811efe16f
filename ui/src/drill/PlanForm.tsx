// The form of a drill: a model, a situation, the traffic, and details for who wants them.
import { Button, Group, NumberInput, Select, Stack, Text } from "@mantine/core";
import { Play, Plus } from "lucide-react";
import { type FormEvent, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStartDrill } from "../api/drills";
import type { Drill, Model } from "../api/shapes";
import { Fold } from "../design/Fold";
import { FormFoot } from "../design/FormFoot";
import { exactNumber } from "../design/numbers";
import { AllowedButton } from "../session/Allowed";
import { useFieldErrors } from "../session/failure";
import { usePlace } from "../session/session";
import { DisturbanceFields } from "./DisturbanceFields";
import classes from "./Plan.module.css";
import { callsOf, disturbance, type Plan, sameDisturbances, withMinutes } from "./plan";
import { Situations } from "./Situations";
import { reachable, situationsOf } from "./situations";

const TRAFFIC = ["model", "minutes", "per_second", "stream_share", "prompt_tokens", "answer_tokens", "seed"];

interface PlanFormProps {
  models: Model[];
  /** What the form begins with; a plan without disturbances gets the first situation. */
  start: Plan;
  onStarted: (drill: Drill) => void;
}

export function PlanForm({ models, start, onStarted }: PlanFormProps) {
  const { t } = useTranslation();
  const { project, canEdit } = usePlace();
  const begin = useStartDrill(project.id);
  const [plan, setPlan] = useState(() => withSituation(models, start));
  const deployments = useMemo(() => reachable(models, plan.model), [models, plan.model]);
  const situations = useMemo(() => situationsOf(deployments, plan.minutes), [deployments, plan.minutes]);
  const chosen = situations.findIndex((one) => sameDisturbances(one.disturbances, plan.disturbances));
  const isOwn = chosen < 0;
  const places = plan.disturbances.flatMap((_, index) => [
    `disturbances.${index}`,
    ...["kind", "vendor", "region", "deployment", "share", "seconds", "from_minute", "to_minute"].map(
      (field) => `disturbances.${index}.${field}`,
    ),
  ]);
  const errors = useFieldErrors(begin.error, [...TRAFFIC, ...places]);
  const change = (more: Partial<Plan>) => setPlan((now) => ({ ...now, ...more }));
  const number = (name: "per_second" | "prompt_tokens" | "answer_tokens" | "seed") => ({
    value: plan[name],
    min: 0,
    hideControls: true,
    onChange: (value: string | number) => change({ [name]: Number(value) }),
    error: errors.of(name),
  });
  const setMinutes = (minutes: number) => {
    // A ready-made situation is made anew for them; one of the person's own keeps its places.
    const remade = situationsOf(deployments, minutes)[chosen]?.disturbances;
    setPlan(remade ? { ...plan, minutes, disturbances: remade } : withMinutes(plan, minutes));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    begin.mutate(plan, { onSuccess: onStarted });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Select
          label={t("drill.model")}
          description={t("drill.modelHelp")}
          data={models.map((model) => model.alias)}
          value={plan.model}
          onChange={(model) => model && setPlan(withSituation(models, { ...plan, model, disturbances: [] }))}
          searchable
          allowDeselect={false}
          error={errors.of("model")}
          maw={440}
        />
        <Situations
          situations={situations}
          chosen={plan.disturbances}
          onChoose={(disturbances) => change({ disturbances })}
        />
        <div className={classes.traffic}>
          <NumberInput label={t("drill.perSecond")} {...number("per_second")} />
          <NumberInput
            label={t("drill.minutes")}
            value={plan.minutes}
            min={1}
            allowDecimal={false}
            hideControls
            onChange={(value) => setMinutes(Number(value))}
            error={errors.of("minutes")}
          />
          <NumberInput
            label={t("drill.streamShare")}
            suffix=" %"
            min={0}
            max={100}
            hideControls
            value={Math.round(plan.stream_share * 100)}
            onChange={(value) => change({ stream_share: Number(value) / 100 })}
            error={errors.of("stream_share")}
          />
          <span className={classes.calls}>{t("drill.calls", { n: exactNumber(callsOf(plan)) })}</span>
        </div>
        <Fold plain title={t("drill.details")} opens={isOwn || begin.isError}>
          <Stack gap={6}>
            {plan.disturbances.map((one, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a disturbance has no name but its place
              <div key={`${index} of ${plan.disturbances.length}`}>
                <DisturbanceFields
                  disturbance={one}
                  deployments={deployments}
                  errorOf={(field) => errors.of(`disturbances.${index}.${field}`)}
                  onChange={(more) =>
                    change({
                      disturbances: plan.disturbances.map((other, at) =>
                        at === index ? { ...other, ...more } : other,
                      ),
                    })
                  }
                  onRemove={() => change({ disturbances: plan.disturbances.filter((_, at) => at !== index) })}
                />
                {errors.of(`disturbances.${index}`) && (
                  <Text c="var(--md-error)" size="sm" role="alert">
                    {errors.of(`disturbances.${index}`)}
                  </Text>
                )}
              </div>
            ))}
            <Group justify="space-between" align="flex-end">
              <Button
                variant="default"
                size="xs"
                leftSection={<Plus size={14} />}
                onClick={() =>
                  change({ disturbances: [...plan.disturbances, disturbance("down", plan.minutes)] })
                }
              >
                {t("drill.addDisturbance")}
              </Button>
              <Group gap={12}>
                <NumberInput size="xs" w={120} label={t("drill.promptTokens")} {...number("prompt_tokens")} />
                <NumberInput size="xs" w={120} label={t("drill.answerTokens")} {...number("answer_tokens")} />
                <NumberInput size="xs" w={90} label={t("drill.seed")} {...number("seed")} />
              </Group>
            </Group>
          </Stack>
        </Fold>
        {canEdit ? (
          <FormFoot action={t("drill.start")} busy={begin.isPending} failed={errors.rest} />
        ) : (
          <Group justify="flex-end">
            <AllowedButton may="edit" leftSection={<Play size={15} />} onClick={() => {}}>
              {t("drill.start")}
            </AllowedButton>
          </Group>
        )}
      </Stack>
    </form>
  );
}

function withSituation(models: Model[], plan: Plan): Plan {
  if (plan.disturbances.length > 0) return plan;
  const [first] = situationsOf(reachable(models, plan.model), plan.minutes);
  return { ...plan, disturbances: first?.disturbances ?? [] };
}
