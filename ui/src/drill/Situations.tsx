// The ready-made situations as cards, of which one is chosen.
import { Radio } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Disturbance } from "../api/shapes";
import { sameDisturbances } from "./plan";
import classes from "./Situations.module.css";
import type { Situation } from "./situations";
import { situationTitle } from "./words";

interface SituationsProps {
  situations: Situation[];
  chosen: Disturbance[];
  onChoose: (disturbances: Disturbance[]) => void;
}

export function Situations({ situations, chosen, onChoose }: SituationsProps) {
  const { t } = useTranslation();
  const at = situations.findIndex((one) => sameDisturbances(one.disturbances, chosen));
  return (
    <Radio.Group
      label={t("drill.situation")}
      description={t(at < 0 && chosen.length > 0 ? "drill.situationOwn" : "drill.situationHelp")}
      value={String(at)}
      onChange={(value) => {
        const situation = situations[Number(value)];
        if (situation) onChoose(situation.disturbances);
      }}
    >
      <div className={classes.cards} style={{ marginTop: 8 }}>
        {situations.map((situation, place) => (
          <Radio.Card
            key={`${situation.kind} ${situation.vendor} ${situation.region} ${situation.deployment}`}
            value={String(place)}
            className={classes.card}
          >
            <div className={classes.title}>{situationTitle(t, situation)}</div>
            <div className={classes.hint}>{t(`drill.situations.${situation.kind}.hint`)}</div>
          </Radio.Card>
        ))}
      </div>
    </Radio.Group>
  );
}
