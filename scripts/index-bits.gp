# Bytes read against the width of a step, from the table of configs/sweeps/index-bits.yaml.
set datafile separator ','
set terminal svg size 640,420 dynamic font 'sans,12' background 'white'
set output folder.'/index-bits.svg'
set key outside top center horizontal
set xlabel 'core.index\_bits'
set ylabel 'DRAM bytes of AlexNet fc7 (MiB)'
set grid
set xrange [1.5:8.5]
set yrange [0:*]

bytes(density) = sprintf("< awk -F, -v density=%s 'NR == 1 {for (i = 1; i <= NF; ++i) at[$i] = i} NR > 1 && index($at[\"network\"], \"fc7\") && $at[\"weight_density\"] == density {print $at[\"machine.core.index_bits\"] \",\" $at[\"dram_read\"] / 1048576}' %s", density, table)

plot for [density in '0.05 0.1 0.2 0.4'] bytes(density) using 1:2 with linespoints pt 7 ps 0.5 title sprintf('%.0f %% left', 100 * real(density))
